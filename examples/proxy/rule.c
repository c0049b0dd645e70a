/*
 * rule.c: listening sockets and what they accept. What becomes of a connection is in pair.c.
 */
#include "proxy.h"

#define MAX_PAIRS 4096 /* Of a rule. */

/* ---- accepting ------------------------------------------------------------------------------ */

/* Puts the pair on the rule's list, so that RemoveRule finds it. FALSE: there are too many. */
static BOOLEAN RememberPair(PRULE Rule, PPAIR Pair) {
  BOOLEAN has_room;
  KIRQL irql;
  KeAcquireSpinLock(&Rule->Lock, &irql);
  has_room = Rule->PairCount < MAX_PAIRS;
  if (has_room) {
    ++Rule->PairCount;
    InsertTailList(&Rule->Pairs, &Pair->Link);
  }
  KeReleaseSpinLock(&Rule->Lock, irql);
  return has_room;
}

VOID ForgetPair(PPAIR Pair) {
  PRULE rule = Pair->Rule;
  KIRQL irql;
  KeAcquireSpinLock(&rule->Lock, &irql);
  --rule->PairCount;
  RemoveEntryList(&Pair->Link);
  KeReleaseSpinLock(&rule->Lock, irql);
  ExReleaseRundownProtection(&rule->Rundown);
}

static NTSTATUS Refuse(VOID) {
  InterlockedIncrement64(&Proxy.Statistics.Refused);
  return STATUS_REQUEST_NOT_ACCEPTED; /* WSK closes the socket. */
}

/* At DISPATCH_LEVEL or below. */
static NTSTATUS WSKAPI AcceptEvent(PVOID SocketContext, ULONG Flags, PSOCKADDR LocalAddress,
                                   PSOCKADDR RemoteAddress, PWSK_SOCKET AcceptSocket,
                                   PVOID* AcceptSocketContext,
                                   const WSK_CLIENT_CONNECTION_DISPATCH** AcceptSocketDispatch) {
  PRULE rule = (PRULE)SocketContext;
  PPAIR pair;
  UNREFERENCED_PARAMETER(Flags);
  UNREFERENCED_PARAMETER(LocalAddress);

  if (AcceptSocket == NULL) return STATUS_REQUEST_NOT_ACCEPTED;     /* The listener is dead. */
  if (!ExAcquireRundownProtection(&rule->Rundown)) return Refuse(); /* The rule is ending. */
  pair = AllocatePair(rule, AcceptSocket, RemoteAddress);
  if (pair == NULL || !RememberPair(rule, pair)) {
    if (pair != NULL) FreePair(pair);
    ExReleaseRundownProtection(&rule->Rundown);
    return Refuse();
  }
  InterlockedIncrement64(&Proxy.Statistics.Accepted);
  *AcceptSocketContext = &pair->Client;
  *AcceptSocketDispatch = &SideEvents;
  ConnectPair(pair);
  return STATUS_SUCCESS;
}

static const WSK_CLIENT_LISTEN_DISPATCH ListenerEvents = {AcceptEvent, NULL, NULL};

/* ---- adding --------------------------------------------------------------------------------- */

static NTSTATUS CreateListener(PRULE Rule) {
  WSK_CALL call;
  NTSTATUS status = PrepareCall(&call);
  if (!NT_SUCCESS(status)) return status;
  status = FinishCall(&call,
                      Wsk.Dispatch->WskSocket(Wsk.Client, Rule->Listen.si_family, SOCK_STREAM,
                                              IPPROTO_TCP, WSK_FLAG_LISTEN_SOCKET, Rule,
                                              &ListenerEvents, NULL, NULL, NULL, call.Irp),
                      NULL);
  if (NT_SUCCESS(status)) Rule->Listener = (PWSK_SOCKET)call.Information;
  return status;
}

/* From the bind on, AcceptEvent is called. Afterwards Rule->Listen has its port. */
static NTSTATUS BindListener(PRULE Rule) {
  const WSK_PROVIDER_LISTEN_DISPATCH* dispatch = Rule->Listener->Dispatch;
  PSOCKADDR address = (PSOCKADDR)&Rule->Listen;
  WSK_CALL call;
  NTSTATUS status = PrepareCall(&call);
  if (!NT_SUCCESS(status)) return status;
  status = FinishCall(&call, dispatch->WskBind(Rule->Listener, address, 0, call.Irp), NULL);
  if (!NT_SUCCESS(status)) return status;

  status = PrepareCall(&call);
  if (!NT_SUCCESS(status)) return status;
  return FinishCall(&call, dispatch->WskGetLocalAddress(Rule->Listener, address, call.Irp), NULL);
}

/* Takes a pair off the list and holds it; NULL when there is none left. */
static PPAIR TakePair(PRULE Rule) {
  PPAIR pair = NULL;
  KIRQL irql;
  KeAcquireSpinLock(&Rule->Lock, &irql);
  while (pair == NULL && !IsListEmpty(&Rule->Pairs)) {
    PLIST_ENTRY link = RemoveHeadList(&Rule->Pairs);
    InitializeListHead(link); /* So that ForgetPair can take it out of a list again. */
    pair = CONTAINING_RECORD(link, PAIR, Link);
    if (!HoldPair(pair)) pair = NULL; /* It is closing by itself. */
  }
  KeReleaseSpinLock(&Rule->Lock, irql);
  return pair;
}

/* The rule is on no list any more, or never was. */
static VOID EndRule(PRULE Rule) {
  if (Rule->Listener != NULL) {
    const WSK_PROVIDER_LISTEN_DISPATCH* dispatch = Rule->Listener->Dispatch;
    PPAIR pair;
    /* After this AcceptEvent is not called any more. */
    FinishCall(&Rule->Close, dispatch->WskCloseSocket(Rule->Listener, Rule->Close.Irp), NULL);
    while ((pair = TakePair(Rule)) != NULL) {
      AbortPair(pair);
      ReleasePair(pair);
    }
    ExWaitForRundownProtectionRelease(&Rule->Rundown);
  }
  if (Rule->Close.Irp != NULL) IoFreeIrp(Rule->Close.Irp);
  ExFreePoolWithTag(Rule, POOL_TAG);
}

static BOOLEAN IsInternetAddress(const SOCKADDR_INET* Address) {
  return Address->si_family == AF_INET || Address->si_family == AF_INET6;
}

static PRULE AllocateRule(PFILE_OBJECT Owner, const PROXY_RULE* Wanted) {
  PRULE rule = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*rule), POOL_TAG);
  if (rule == NULL) return NULL;
  rule->Owner = Owner;
  rule->Listen = Wanted->Listen;
  rule->Target = Wanted->Target;
  ExInitializeRundownProtection(&rule->Rundown);
  KeInitializeSpinLock(&rule->Lock);
  InitializeListHead(&rule->Pairs);
  return rule;
}

NTSTATUS AddRule(PFILE_OBJECT Owner, const PROXY_RULE* Wanted, PPROXY_RULE_ADDED Added) {
  PRULE rule;
  NTSTATUS status;
  PAGED_CODE();

  if (!IsInternetAddress(&Wanted->Listen) || !IsInternetAddress(&Wanted->Target)) {
    return STATUS_INVALID_PARAMETER;
  }
  rule = AllocateRule(Owner, Wanted);
  if (rule == NULL) return STATUS_INSUFFICIENT_RESOURCES;

  ExAcquireFastMutex(&Proxy.Mutex);
  rule->Id = ++Proxy.LastRuleId;
  ExReleaseFastMutex(&Proxy.Mutex);

  status = PrepareCall(&rule->Close);
  if (NT_SUCCESS(status)) status = CreateListener(rule);
  if (NT_SUCCESS(status)) status = BindListener(rule);
  if (!NT_SUCCESS(status)) {
    EndRule(rule);
    return status;
  }
  Added->Id = rule->Id;
  Added->Listen = rule->Listen;
  ExAcquireFastMutex(&Proxy.Mutex);
  InsertTailList(&Proxy.Rules, &rule->Link);
  ExReleaseFastMutex(&Proxy.Mutex);
  return STATUS_SUCCESS;
}

/* ---- removing ------------------------------------------------------------------------------- */

typedef BOOLEAN RULE_FILTER(const RULE* Rule, const VOID* Wanted);

static BOOLEAN HasId(const RULE* Rule, const VOID* Wanted) {
  return Rule->Id == *(const ULONG*)Wanted;
}

static BOOLEAN HasOwner(const RULE* Rule, const VOID* Wanted) {
  return Rule->Owner == (const FILE_OBJECT*)Wanted;
}

/* The first rule that the filter lets through is now the caller's to end; NULL: there is none. */
static PRULE TakeRule(RULE_FILTER* Filter, const VOID* Wanted) {
  PLIST_ENTRY link;
  PRULE found = NULL;
  ExAcquireFastMutex(&Proxy.Mutex);
  for (link = Proxy.Rules.Flink; link != &Proxy.Rules && found == NULL; link = link->Flink) {
    PRULE rule = CONTAINING_RECORD(link, RULE, Link);
    if (Filter(rule, Wanted)) found = rule;
  }
  if (found != NULL) RemoveEntryList(&found->Link);
  ExReleaseFastMutex(&Proxy.Mutex);
  return found;
}

NTSTATUS RemoveRule(ULONG Id) {
  PRULE rule = TakeRule(HasId, &Id);
  PAGED_CODE();
  if (rule == NULL) return STATUS_NOT_FOUND;
  EndRule(rule);
  return STATUS_SUCCESS;
}

VOID RemoveRulesOf(PFILE_OBJECT Owner) {
  PRULE rule;
  PAGED_CODE();
  while ((rule = TakeRule(HasOwner, Owner)) != NULL) EndRule(rule);
}

/* ---- listing -------------------------------------------------------------------------------- */

static VOID ListPairs(PRULE Rule, PPROXY_CONNECTION_LIST List, ULONG Capacity) {
  PLIST_ENTRY link;
  KIRQL irql;
  KeAcquireSpinLock(&Rule->Lock, &irql);
  for (link = Rule->Pairs.Flink; link != &Rule->Pairs; link = link->Flink) {
    ++List->Total;
    if (List->Count == Capacity) continue;
    DescribePair(CONTAINING_RECORD(link, PAIR, Link), &List->Connections[List->Count++]);
  }
  KeReleaseSpinLock(&Rule->Lock, irql);
}

VOID ListConnections(PPROXY_CONNECTION_LIST List, ULONG Capacity) {
  PLIST_ENTRY link;
  PAGED_CODE();
  List->Total = List->Count = 0;
  ExAcquireFastMutex(&Proxy.Mutex);
  for (link = Proxy.Rules.Flink; link != &Proxy.Rules; link = link->Flink) {
    ListPairs(CONTAINING_RECORD(link, RULE, Link), List, Capacity);
  }
  ExReleaseFastMutex(&Proxy.Mutex);
}
