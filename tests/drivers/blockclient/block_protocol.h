/*
 * block_protocol.h: what the block client and its server say to each other over TCP. All numbers
 * are little-endian. For the driver, and for servers.
 *
 * The server speaks first: BLOCK_GREETING. Then the client sends requests, as many at a time as it
 * likes, and the server answers each when it can, in any order.
 */
#pragma once

#define BLOCK_MAGIC_GREETING 0x4b4c4231UL
#define BLOCK_MAGIC_REQUEST 0x51455231UL
#define BLOCK_MAGIC_REPLY 0x50455231UL

#define BLOCK_READ 1  /* The reply is followed by Length bytes if Result is 0. */
#define BLOCK_WRITE 2 /* The request is followed by Length bytes. */

#define BLOCK_RESULT_OK 0
#define BLOCK_RESULT_FAILED 1 /* The medium could not; the connection goes on. */

typedef struct _BLOCK_GREETING {
  ULONG Magic;
  ULONG BlockSize; /* Offsets and lengths are multiples of it. */
  ULONGLONG Size;  /* In bytes. */
} BLOCK_GREETING, *PBLOCK_GREETING;

typedef struct _BLOCK_REQUEST {
  ULONG Magic;
  ULONG Operation;
  ULONGLONG Id; /* Comes back in the reply. */
  ULONGLONG Offset;
  ULONG Length;
  ULONG Reserved;
} BLOCK_REQUEST, *PBLOCK_REQUEST;

typedef struct _BLOCK_REPLY {
  ULONG Magic;
  ULONG Result;
  ULONGLONG Id;
} BLOCK_REPLY, *PBLOCK_REPLY;

C_ASSERT(sizeof(BLOCK_GREETING) == 16 && sizeof(BLOCK_REQUEST) == 32 && sizeof(BLOCK_REPLY) == 16);
