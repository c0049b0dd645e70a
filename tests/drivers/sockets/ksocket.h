/*
 * ksocket.h: sockets as programs know them, for code of the kernel that may wait.
 *
 * Every call returns when it is done, at PASSIVE_LEVEL. Buffers are any memory the calling thread
 * may touch, paged or not; they are locked for the time of the call. A socket is used by one thread
 * at a time in each direction: one may receive while another sends.
 *
 * A call that is given a time ends with STATUS_IO_TIMEOUT when that is over, and every call ends
 * with STATUS_CANCELLED when the event given to KsStartup is signalled. Either way WSK has let go
 * of the buffer. What a stream's send or receive had moved by then is in *Moved.
 */
#pragma once

#include <ntddk.h>
#include <wsk.h>

#define KS_FOREVER 0xffffffffUL /* Milliseconds. */

typedef struct _KSOCKET* PKSOCKET;

/* Before any other call. `Stop` makes all calls end, for an unload that need not wait. */
NTSTATUS KsStartup(_In_ PKEVENT Stop);
/* When every socket is closed. */
VOID KsCleanup(VOID);

/* ---- names ---------------------------------------------------------------------------------- */

/* Addresses of a host for TCP; free them. A host may be an address, a service a number. */
NTSTATUS KsGetAddressInfo(_In_ PUNICODE_STRING Host, _In_opt_ PUNICODE_STRING Service,
                          _Outptr_ PADDRINFOEXW* Addresses);
VOID KsFreeAddressInfo(_In_ PADDRINFOEXW Addresses);

/* ---- sockets -------------------------------------------------------------------------------- */

/* SOCK_STREAM is a connection of TCP, SOCK_DGRAM is UDP. */
NTSTATUS KsSocket(ADDRESS_FAMILY Family, USHORT Type, _Outptr_ PKSOCKET* Socket);
/* A listening socket of TCP, bound to `Local`, which gets its port where it had none. */
NTSTATUS KsListen(_Inout_ SOCKADDR_INET* Local, _Outptr_ PKSOCKET* Socket);
VOID KsClose(_In_ _Post_invalid_ PKSOCKET Socket);

/* A socket that was not bound is bound to any address by KsConnect and KsSendTo. */
NTSTATUS KsBind(_Inout_ PKSOCKET Socket, _In_ const SOCKADDR_INET* Local);
NTSTATUS KsConnect(_Inout_ PKSOCKET Socket, _In_ const SOCKADDR* Remote, ULONG Milliseconds);
NTSTATUS KsAccept(_Inout_ PKSOCKET Listener, ULONG Milliseconds, _Outptr_ PKSOCKET* Socket);

/* ---- bytes ---------------------------------------------------------------------------------- */

/* Sends all of it. */
NTSTATUS KsSend(_Inout_ PKSOCKET Socket, _In_reads_bytes_(Length) const VOID* Buffer, ULONG Length,
                ULONG Milliseconds, _Out_opt_ ULONG* Moved);
/* Receives what there is; 0 bytes are the end of the stream. WSK_FLAG_WAITALL fills the buffer. */
NTSTATUS KsReceive(_Inout_ PKSOCKET Socket, _Out_writes_bytes_(Length) PVOID Buffer, ULONG Length,
                   ULONG Flags, ULONG Milliseconds, _Out_ ULONG* Moved);
NTSTATUS KsSendTo(_Inout_ PKSOCKET Socket, _In_reads_bytes_(Length) const VOID* Buffer,
                  ULONG Length, _In_ const SOCKADDR* Remote);
/* No more will be sent. */
NTSTATUS KsShutdown(_Inout_ PKSOCKET Socket);
