/*
 * minwindef.h: the Win32 names (DWORD, BYTE, BOOL) that some drivers use beside the NT ones.
 */
#pragma once

#include <ntdef.h>
