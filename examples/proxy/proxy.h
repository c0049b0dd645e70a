/*
 * proxy.h: the parts of the proxy, from the outside in.
 *
 *   device.c  the driver and its device: who may ask for what
 *   rule.c    a listening socket, and the pairs that came from it
 *   pair.c    two connections whose bytes go from each to the other
 */
#pragma once

#include <client.h>
#include <wdmsec.h>

#include "proxy_ioctl.h"

typedef struct _PROXY {
  PDEVICE_OBJECT Device;
  IO_REMOVE_LOCK RemoveLock;
  FAST_MUTEX Mutex; /* Guards the two below. */
  LIST_ENTRY Rules;
  ULONG LastRuleId;
  volatile PROXY_STATISTICS Statistics; /* Changed by Interlocked functions only. */
} PROXY;
extern PROXY Proxy;

/* ---- rules ---------------------------------------------------------------------------------- */

/* Locks are taken in this order: Proxy.Mutex, a rule's Lock, a pair's Lock. */
typedef struct _RULE {
  LIST_ENTRY Link;
  ULONG Id;
  PFILE_OBJECT Owner; /* NULL: the registry. Only compared. */
  SOCKADDR_INET Listen;
  SOCKADDR_INET Target;
  PWSK_SOCKET Listener;
  WSK_CALL Close;         /* Prepared from the beginning, so that a rule can always be removed. */
  EX_RUNDOWN_REF Rundown; /* Held by each pair. */
  KSPIN_LOCK Lock;        /* Guards the two below. */
  LIST_ENTRY Pairs;
  ULONG PairCount;
} RULE, *PRULE;

/* PASSIVE_LEVEL. On success Added is filled in. */
NTSTATUS AddRule(_In_opt_ PFILE_OBJECT Owner, _In_ const PROXY_RULE* Wanted,
                 _Out_ PPROXY_RULE_ADDED Added);

/* PASSIVE_LEVEL. When they return, the rule and its pairs are gone. */
NTSTATUS RemoveRule(ULONG Id);
VOID RemoveRulesOf(_In_opt_ PFILE_OBJECT Owner);

/* PASSIVE_LEVEL. Fills List with up to Capacity connections. */
VOID ListConnections(_Out_ PPROXY_CONNECTION_LIST List, ULONG Capacity);

/* ---- pairs ---------------------------------------------------------------------------------- */

/*
 * One of the two connections of a pair; the context of its events. Which bytes came from it and are
 * not with the other side yet, is written down here.
 */
typedef struct _SIDE {
  struct _PAIR* Pair;
  struct _SIDE* Other;
  PWSK_SOCKET Socket; /* NULL: not connected yet. */
  const WSK_PROVIDER_CONNECTION_DISPATCH* Dispatch;
  PIO_WORKITEM ResumeItem;
  PIRP EndIrp;    /* For the graceful disconnect, */
  PIRP AbortIrp;  /* the abortive one, */
  WSK_CALL Close; /* and the close: each is there from the beginning and so never fails. */

  /* Under Pair->Lock. */
  BOOLEAN Open;        /* Connected, and not known to be dead. */
  BOOLEAN Stopped;     /* It refused data: its WskReceiveEvent does not come until WskReceive. */
  BOOLEAN Ended;       /* Its peer sends no more. */
  SIZE_T KeptBytes;    /* Received, kept, and under way to the other side. */
  ULONGLONG Forwarded; /* Bytes from this side that the other one has sent. */
} SIDE, *PSIDE;

/*
 * Lives as long as somebody holds it: the first holder is the pair being open, then whoever is in a
 * function of its sockets, each IRP under way, each queued work item. The last one to let go has
 * both sockets closed.
 */
typedef struct _PAIR {
  LIST_ENTRY Link;
  PRULE Rule;
  SIDE Client;
  SIDE Target;
  SOCKADDR_INET ClientAddress;
  PIO_WORKITEM WorkItem; /* Connects, and in the end closes. */
  PIRP ConnectIrp;

  KSPIN_LOCK Lock; /* Guards what follows, and each side's part of it. */
  ULONG Holders;
  ULONG Directions;   /* In how many the end has still to be passed on. */
  BOOLEAN Connecting; /* ConnectIrp is under way. */
  BOOLEAN Closing;    /* The first holder is gone. */
} PAIR, *PPAIR;

/* Before the first pair, and after the last one. */
VOID StartPairs(VOID);
VOID StopPairs(VOID);

/* All at <= DISPATCH_LEVEL. */
PPAIR AllocatePair(_In_ PRULE Rule, _In_ PWSK_SOCKET ClientSocket, _In_ PSOCKADDR ClientAddress);
VOID FreePair(_Inout_ PPAIR Pair); /* One that nothing was done with. */
VOID ConnectPair(_Inout_ PPAIR Pair);
BOOLEAN HoldPair(_Inout_ PPAIR Pair);
VOID ReleasePair(_Inout_ PPAIR Pair);
VOID AbortPair(_Inout_ PPAIR Pair);
VOID DescribePair(_Inout_ PPAIR Pair, _Out_ PPROXY_CONNECTION Description);

/* In rule.c: the pair's sockets are closed and its memory is about to go. */
VOID ForgetPair(_Inout_ PPAIR Pair);

extern const WSK_CLIENT_CONNECTION_DISPATCH SideEvents;

/* sizeof, for WSK and for copying: only IPv4 and IPv6 come here. */
FORCEINLINE SIZE_T AddressSize(const SOCKADDR* Address) {
  return Address->sa_family == AF_INET ? sizeof(SOCKADDR_IN) : sizeof(SOCKADDR_IN6);
}
