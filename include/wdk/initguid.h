/*
 * initguid.h: from here on DEFINE_GUID defines the GUID, not only declares it.
 */
#pragma once

#ifndef INITGUID
#define INITGUID
#endif

#include <guiddef.h>

#undef DEFINE_GUID
#define DEFINE_GUID(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8) \
  WDK_GUID_DEFINE(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8)
