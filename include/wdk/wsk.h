/*
 * wsk.h: Winsock Kernel: sockets for drivers. This file only gathers its parts; a reader starts
 * with winsock_kernel/registration.h, then client.h (make a socket) and socket.h (use it).
 */
#pragma once

#include <wdm.h>

#include <mstcpip.h>
#include <mswsockdef.h>
#include <netioddk.h>
#include <ws2def.h>
#include <ws2ipdef.h>

#include <winsock_kernel/objects.h>

#include <winsock_kernel/control.h>
#include <winsock_kernel/events.h>
#include <winsock_kernel/socket.h>

#include <winsock_kernel/client.h>
#include <winsock_kernel/dispatch.h>
#include <winsock_kernel/registration.h>
