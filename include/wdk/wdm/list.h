/*
 * list.h: doubly and singly linked lists, and the lock-free SLIST. The lists a spin lock guards
 * (ExInterlocked...) are in ex.h.
 */
#pragma once

#include <wdm/types.h>

EXTERN_C_START

/*
 * InitializeListHead: make a list of no entries: the head points to itself. The caller guards the
 * list; none of the plain list functions locks.
 *
 * IRQL     any
 * Page     ddi/wdm/nf-wdm-initializelisthead
 */
WDK_INLINE VOID InitializeListHead(_Out_ PLIST_ENTRY ListHead) {
  ListHead->Flink = ListHead->Blink = ListHead;
}

#define InitializeListEntry InitializeListHead

/*
 * IsListEmpty: whether the list has no entry.
 *
 * IRQL     any
 * Page     ddi/wdm/nf-wdm-islistempty
 */
WDK_INLINE BOOLEAN IsListEmpty(_In_ const LIST_ENTRY* ListHead) {
  return (BOOLEAN)(ListHead->Flink == ListHead);
}

/* Returns TRUE when the list is empty afterwards. */

/*
 * RemoveEntryList: take Entry out of the list it is in. Entry keeps its stale links.
 *
 * IRQL     any
 * Returns  TRUE: the list is empty now.
 * Page     ddi/wdm/nf-wdm-removeentrylist
 */
WDK_INLINE BOOLEAN RemoveEntryList(_In_ PLIST_ENTRY Entry) {
  PLIST_ENTRY next = Entry->Flink;
  PLIST_ENTRY previous = Entry->Blink;

  previous->Flink = next;
  next->Blink = previous;
  return (BOOLEAN)(next == previous);
}

/*
 * RemoveHeadList: take the first entry (RemoveTailList: the last). The list must not be empty: the
 * head itself would come back.
 *
 * IRQL     any
 * Returns  The entry; CONTAINING_RECORD finds what it lies in.
 * Page     ddi/wdm/nf-wdm-removeheadlist
 */
WDK_INLINE PLIST_ENTRY RemoveHeadList(_Inout_ PLIST_ENTRY ListHead) {
  PLIST_ENTRY entry = ListHead->Flink;

  RemoveEntryList(entry);
  return entry;
}

WDK_INLINE PLIST_ENTRY RemoveTailList(_Inout_ PLIST_ENTRY ListHead) {
  PLIST_ENTRY entry = ListHead->Blink;

  RemoveEntryList(entry);
  return entry;
}

/*
 * InsertTailList: put Entry last (InsertHeadList: first).
 *
 * IRQL     any
 * Page     ddi/wdm/nf-wdm-inserttaillist
 */
WDK_INLINE VOID InsertTailList(_Inout_ PLIST_ENTRY ListHead, _Out_ PLIST_ENTRY Entry) {
  PLIST_ENTRY last = ListHead->Blink;

  Entry->Flink = ListHead;
  Entry->Blink = last;
  last->Flink = Entry;
  ListHead->Blink = Entry;
}

WDK_INLINE VOID InsertHeadList(_Inout_ PLIST_ENTRY ListHead, _Out_ PLIST_ENTRY Entry) {
  InsertTailList(ListHead->Flink, Entry);
}

/*
 * AppendTailList: put the entries from ListToAppend on, a ring without a head, behind the list's
 * last.
 *
 * IRQL     any
 * Page     ddi/wdm/nf-wdm-appendtaillist
 */
WDK_INLINE VOID AppendTailList(_Inout_ PLIST_ENTRY ListHead, _Inout_ PLIST_ENTRY ListToAppend) {
  PLIST_ENTRY last = ListHead->Blink;

  ListHead->Blink->Flink = ListToAppend;
  ListHead->Blink = ListToAppend->Blink;
  ListToAppend->Blink->Flink = ListHead;
  ListToAppend->Blink = last;
}

/*
 * PopEntryList: take the first entry of a singly linked list, or NULL; PushEntryList puts one
 * first.
 *
 * IRQL     any
 * Page     ddi/wdm/nf-wdm-popentrylist
 */
WDK_INLINE PSINGLE_LIST_ENTRY PopEntryList(_Inout_ PSINGLE_LIST_ENTRY ListHead) {
  PSINGLE_LIST_ENTRY first = ListHead->Next;

  if (first != NULL) ListHead->Next = first->Next;
  return first;
}

WDK_INLINE VOID PushEntryList(_Inout_ PSINGLE_LIST_ENTRY ListHead,
                              _Inout_ PSINGLE_LIST_ENTRY Entry) {
  Entry->Next = ListHead->Next;
  ListHead->Next = Entry;
}

/* The lock-free list. Head and entries lie on 16-byte boundaries; pool memory does. */
typedef struct DECLSPEC_ALIGN(16) _SLIST_ENTRY {
  struct _SLIST_ENTRY* Next;
} SLIST_ENTRY, *PSLIST_ENTRY;

typedef union DECLSPEC_ALIGN(16) _SLIST_HEADER {
  struct {
    ULONGLONG Alignment;
    ULONGLONG Region;
  };
  struct {
    ULONGLONG Depth : 16;
    ULONGLONG Sequence : 48;
    ULONGLONG HeaderType : 1;
    ULONGLONG Reserved : 3;
    ULONGLONG NextEntry : 60;
  } HeaderX64;
} SLIST_HEADER, *PSLIST_HEADER;

C_ASSERT(sizeof(SLIST_ENTRY) == 16);
C_ASSERT(sizeof(SLIST_HEADER) == 16);

/*
 * InitializeSListHead: make an empty lock-free list. The head lies on a 16-byte boundary.
 *
 * IRQL     any
 * Page     ddi/wdm/nf-wdm-initializeslisthead
 */
NTKERNELAPI VOID InitializeSListHead(_Out_ PSLIST_HEADER SListHead);

/*
 * ExQueryDepthSList: how many entries the list had a moment ago, at most 65535.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/wdm/nf-wdm-exquerydepthslist
 */
NTKERNELAPI USHORT ExQueryDepthSList(_In_ PSLIST_HEADER SListHead);

/*
 * ExpInterlockedPushEntrySList: put an entry first. Use it as InterlockedPushEntrySList or
 * ExInterlockedPushEntrySList.
 *
 *   ListEntry  On a 16-byte boundary. Belongs to the list until it is taken.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  The entry that was first, or NULL.
 * Page     ddi/wdm/nf-wdm-exinterlockedpushentryslist
 */
NTKERNELAPI PSLIST_ENTRY ExpInterlockedPushEntrySList(_Inout_ PSLIST_HEADER ListHead,
                                                      _Inout_ PSLIST_ENTRY ListEntry);

/*
 * ExpInterlockedPopEntrySList: take the first entry. The memory of an entry that another thread may
 * be popping must stay readable.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  The entry, or NULL.
 * Page     ddi/wdm/nf-wdm-exinterlockedpopentryslist
 */
NTKERNELAPI PSLIST_ENTRY ExpInterlockedPopEntrySList(_Inout_ PSLIST_HEADER ListHead);

/*
 * ExpInterlockedFlushSList: take all entries.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  The first, linked by Next, or NULL.
 * Page     ddi/wdm/nf-wdm-exinterlockedflushslist
 */
NTKERNELAPI PSLIST_ENTRY ExpInterlockedFlushSList(_Inout_ PSLIST_HEADER ListHead);

#define ExInitializeSListHead InitializeSListHead
#define QueryDepthSList(Head) ExQueryDepthSList(Head)
#define InterlockedPushEntrySList(Head, Entry) ExpInterlockedPushEntrySList(Head, Entry)
#define InterlockedPopEntrySList(Head) ExpInterlockedPopEntrySList(Head)
#define InterlockedFlushSList(Head) ExpInterlockedFlushSList(Head)
#define ExInterlockedPushEntrySList(Head, Entry, Lock) \
  ((void)(Lock), ExpInterlockedPushEntrySList(Head, Entry))
#define ExInterlockedPopEntrySList(Head, Lock) ((void)(Lock), ExpInterlockedPopEntrySList(Head))
#define ExInterlockedFlushSList(Head) ExpInterlockedFlushSList(Head)

/*
 * FirstEntrySList: look at the first entry without taking it; it may be gone at once.
 *
 * IRQL     any
 * Returns  The entry, or NULL.
 * Page     ddi/wdm/nf-wdm-exinterlockedpopentryslist
 */
WDK_INLINE PSLIST_ENTRY FirstEntrySList(_In_ const SLIST_HEADER* ListHead) {
  return (PSLIST_ENTRY)(ULONG_PTR)(ListHead->HeaderX64.NextEntry << 4);
}

EXTERN_C_END
