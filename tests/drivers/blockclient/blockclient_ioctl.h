/*
 * blockclient_ioctl.h: what programs may ask the device \\.\RemoteBlocks, beside reading and
 * writing it.
 */
#pragma once

/* Out: REMOTE_BLOCKS_MEDIUM. STATUS_DEVICE_NOT_CONNECTED: no server has been there yet. */
#define IOCTL_REMOTE_BLOCKS_QUERY_MEDIUM \
  CTL_CODE(FILE_DEVICE_DISK, 0x800, METHOD_BUFFERED, FILE_READ_ACCESS)

typedef struct _REMOTE_BLOCKS_MEDIUM {
  ULONGLONG Size;
  ULONG BlockSize;
  ULONG Reserved;
} REMOTE_BLOCKS_MEDIUM, *PREMOTE_BLOCKS_MEDIUM;
