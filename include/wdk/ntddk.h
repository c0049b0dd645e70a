/*
 * ntddk.h: what non-Plug-and-Play drivers include; here the same as wdm.h.
 */
#pragma once

#include <wdm.h>
