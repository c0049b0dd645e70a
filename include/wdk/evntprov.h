/*
 * evntprov.h: what a provider of events includes; the kernel's functions are wdm/etw.h's.
 */
#pragma once

#include <wdm/etw.h>
