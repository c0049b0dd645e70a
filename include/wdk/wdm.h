/*
 * wdm.h: gathers the kernel interface for drivers; nothing is declared here.
 */
#pragma once

#ifndef _NTDDK_
#define _NTDDK_
#endif

#include <ntdef.h>
#include <ntstatus.h>

#include <wdm/bugcodes.h>
#include <wdm/dbg.h>
#include <wdm/etw.h>
#include <wdm/ex.h>
#include <wdm/ex_callback.h>
#include <wdm/interlocked.h>
#include <wdm/intrinsics.h>
#include <wdm/io.h>
#include <wdm/io_csq.h>
#include <wdm/io_remove_lock.h>
#include <wdm/ke.h>
#include <wdm/ke_queue.h>
#include <wdm/ke_topology.h>
#include <wdm/list.h>
#include <wdm/mm.h>
#include <wdm/ob.h>
#include <wdm/ps.h>
#include <wdm/rtl.h>
#include <wdm/se.h>
#include <wdm/zw.h>
