/*
 * intrin.h: MSVC's intrinsic functions, as far as drivers use them.
 */
#pragma once

#include <wdm/interlocked.h>
#include <wdm/intrinsics.h>
