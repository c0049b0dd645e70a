/*
 * mswsockdef.h: control codes that Microsoft's Winsock adds, as far as a kernel client can use
 * them. mstcpip.h has those of TCP/IP.
 */
#pragma once

#include <ws2def.h>

#define SIO_CPU_AFFINITY _WSAIOW(IOC_VENDOR, 21)
#define SIO_QUERY_RSS_PROCESSOR_INFO _WSAIOR(IOC_WS2, 37)

// SIO_QUERY_RSS_PROCESSOR_INFO: the processor that serves this connection.
typedef struct _SOCKET_PROCESSOR_AFFINITY {
  PROCESSOR_NUMBER Processor;
  USHORT NumaNodeId;
  USHORT Reserved;
} SOCKET_PROCESSOR_AFFINITY, *PSOCKET_PROCESSOR_AFFINITY;
