/*
 * tunnel_protocol.h: how a datagram looks between the two ends of a tunnel: this header, then what
 * the datagram was. Numbers are in network byte order.
 */
#pragma once

#define TUNNEL_MAGIC 0x554e4c31UL /* "UNL1" */

typedef struct _TUNNEL_HEADER {
  ULONG Magic;
  ULONG Sequence; /* Of this flow and direction, from 1. */
} TUNNEL_HEADER, *PTUNNEL_HEADER;

C_ASSERT(sizeof(TUNNEL_HEADER) == 8);
