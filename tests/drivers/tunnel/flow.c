/*
 * flow.c: who talks to the front. When there are too many, the one that has been silent longest is
 * forgotten; if he talks again he gets a new flow.
 */
#include "tunnel.h"

static struct {
  LIST_ENTRY List;
  ULONG Count;
  ULONG MaxFlows;
  SOCKADDR_INET BackRemote;
} Flows;

VOID InitializeFlows(const SOCKADDR_INET* BackRemote, ULONG MaxFlows) {
  InitializeListHead(&Flows.List);
  Flows.Count = 0;
  Flows.MaxFlows = MaxFlows;
  Flows.BackRemote = *BackRemote;
}

/* ---- where a datagram came to --------------------------------------------------------------- */

/* The control object of a kind, or NULL. */
static PCMSGHDR FindControl(const WSK_DATAGRAM_INDICATION* Datagram, INT Level, INT Type,
                            SIZE_T DataSize) {
  PCMSGHDR object = Datagram->ControlInfo;
  SIZE_T left = Datagram->ControlInfoLength;
  while (object != NULL && left >= sizeof(CMSGHDR) && object->cmsg_len >= sizeof(CMSGHDR) &&
         object->cmsg_len <= left) {
    const SIZE_T step = WSA_CMSGHDR_ALIGN(object->cmsg_len);
    if (object->cmsg_level == Level && object->cmsg_type == Type &&
        object->cmsg_len >= WSA_CMSG_LEN(DataSize)) {
      return object;
    }
    if (step >= left) break;
    object = (PCMSGHDR)((PUCHAR)object + step);
    left -= step;
  }
  return NULL;
}

static BOOLEAN IsIpv4(const SOCKADDR* Address) {
  return Address->sa_family == AF_INET ||
         IN6_IS_ADDR_V4MAPPED(&((const SOCKADDR_IN6*)Address)->sin6_addr);
}

/*
 * What a send has to say to leave from the address the datagram came to. The interface is left to
 * the routes. 0: nothing is known.
 */
static ULONG MakeSource(const WSK_DATAGRAM_INDICATION* Datagram, SOURCE* Source) {
  const BOOLEAN ipv4 = IsIpv4(Datagram->RemoteAddress);
  const INT level = ipv4 ? IPPROTO_IP : IPPROTO_IPV6;
  const INT type = ipv4 ? IP_PKTINFO : IPV6_PKTINFO;
  const SIZE_T size = ipv4 ? sizeof(IN_PKTINFO) : sizeof(IN6_PKTINFO);
  PCMSGHDR object = FindControl(Datagram, level, type, size);
  RtlZeroMemory(Source, sizeof(*Source));
  if (object == NULL) return 0;
  Source->Header.cmsg_len = WSA_CMSG_LEN(size);
  Source->Header.cmsg_level = level;
  Source->Header.cmsg_type = type;
  RtlCopyMemory(WSA_CMSG_DATA(&Source->Header), WSA_CMSG_DATA(object), size);
  if (ipv4) {
    ((PIN_PKTINFO)WSA_CMSG_DATA(&Source->Header))->ipi_ifindex = 0;
  } else {
    ((PIN6_PKTINFO)WSA_CMSG_DATA(&Source->Header))->ipi6_ifindex = 0;
  }
  return (ULONG)WSA_CMSG_SPACE(size);
}

/* ---- the table ------------------------------------------------------------------------------ */

static SOCKADDR_INET RemoteOf(const WSK_DATAGRAM_INDICATION* Datagram) {
  const SIZE_T size =
      Datagram->RemoteAddress->sa_family == AF_INET ? sizeof(SOCKADDR_IN) : sizeof(SOCKADDR_IN6);
  SOCKADDR_INET remote;
  RtlZeroMemory(&remote, sizeof(remote));
  RtlCopyMemory(&remote, Datagram->RemoteAddress, size);
  return remote;
}

static BOOLEAN IsSame(const VOID* One, const VOID* Other, SIZE_T Size) {
  return RtlCompareMemory(One, Other, Size) == Size;
}

static VOID CloseFlow(PFLOW Flow) {
  RemoveEntryList(&Flow->Link);
  --Flows.Count;
  EnableEvents(&Flow->Back, FALSE);
  DropArrivalsOf(Flow);
  ExWaitForRundownProtectionRelease(&Flow->Rundown);
  CloseEndpoint(&Flow->Back);
  ExFreePoolWithTag(Flow, POOL_TAG);
}

static NTSTATUS OpenBack(PFLOW Flow) {
  NTSTATUS status = OpenEndpoint(&Flow->Back, Flows.BackRemote.si_family, 0, Flow, &BackEvents);
  if (!NT_SUCCESS(status)) return status;
  status = FixRemote(&Flow->Back, &Flows.BackRemote);
  if (NT_SUCCESS(status)) status = EnableEvents(&Flow->Back, TRUE);
  if (!NT_SUCCESS(status)) CloseEndpoint(&Flow->Back);
  return status;
}

PFLOW CreateFlow(const WSK_DATAGRAM_INDICATION* Datagram) {
  PFLOW flow = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*flow), POOL_TAG);
  PAGED_CODE();
  if (flow == NULL) return NULL;
  flow->Remote = RemoteOf(Datagram);
  flow->SourceLength = MakeSource(Datagram, &flow->Source);
  ExInitializeRundownProtection(&flow->Rundown);
  if (!NT_SUCCESS(OpenBack(flow))) {
    ExFreePoolWithTag(flow, POOL_TAG);
    return NULL;
  }
  if (Flows.Count == Flows.MaxFlows) {
    CloseFlow(CONTAINING_RECORD(Flows.List.Flink, FLOW, Link));
  }
  InsertTailList(&Flows.List, &flow->Link);
  ++Flows.Count;
  return flow;
}

PFLOW FindFlow(const WSK_DATAGRAM_INDICATION* Datagram) {
  const SOCKADDR_INET remote = RemoteOf(Datagram);
  PLIST_ENTRY link;
  SOURCE source;
  PAGED_CODE();
  MakeSource(Datagram, &source);
  for (link = Flows.List.Blink; link != &Flows.List; link = link->Blink) {
    PFLOW flow = CONTAINING_RECORD(link, FLOW, Link);
    if (!IsSame(&flow->Remote, &remote, sizeof(remote)) ||
        !IsSame(&flow->Source, &source, sizeof(source))) {
      continue;
    }
    RemoveEntryList(link);
    InsertTailList(&Flows.List, link);
    return flow;
  }
  return NULL;
}

VOID CloseAllFlows(VOID) {
  PAGED_CODE();
  while (!IsListEmpty(&Flows.List)) {
    CloseFlow(CONTAINING_RECORD(Flows.List.Flink, FLOW, Link));
  }
}
