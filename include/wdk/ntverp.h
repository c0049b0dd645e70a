/*
 * ntverp.h: the build the headers describe, for drivers that compile by its number.
 */
#pragma once

#include <sdkddkver.h>

#define VER_PRODUCTMAJORVERSION 10
#define VER_PRODUCTMINORVERSION 0
#define VER_PRODUCTBUILD 22621
#define VER_PRODUCTBUILD_QFE 1
#define VER_PRODUCTVERSION 10, 0, 22621, 1
#define VER_PRODUCTVERSION_W 0x0A00
