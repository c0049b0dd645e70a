/*
 * ntifs.h: what file-system drivers include. wdm.h, without the file-system interface.
 */
#pragma once

#include <wdm.h>
