/*
 * list.h: doubly and singly linked lists, and the lock-free SLIST. The lists a spin lock guards
 * (ExInterlocked...) are in ex.h.
 */
#pragma once

#include <wdm/types.h>

EXTERN_C_START

WDK_INLINE VOID InitializeListHead(_Out_ PLIST_ENTRY ListHead) {
  ListHead->Flink = ListHead->Blink = ListHead;
}

#define InitializeListEntry InitializeListHead

WDK_INLINE BOOLEAN IsListEmpty(_In_ const LIST_ENTRY* ListHead) {
  return (BOOLEAN)(ListHead->Flink == ListHead);
}

/* Returns TRUE when the list is empty afterwards. */
WDK_INLINE BOOLEAN RemoveEntryList(_In_ PLIST_ENTRY Entry) {
  PLIST_ENTRY next = Entry->Flink;
  PLIST_ENTRY previous = Entry->Blink;

  previous->Flink = next;
  next->Blink = previous;
  return (BOOLEAN)(next == previous);
}

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

/* Joins the list whose head is not part of it, ListToAppend's, to the end of ListHead's. */
WDK_INLINE VOID AppendTailList(_Inout_ PLIST_ENTRY ListHead, _Inout_ PLIST_ENTRY ListToAppend) {
  PLIST_ENTRY last = ListHead->Blink;

  ListHead->Blink->Flink = ListToAppend;
  ListHead->Blink = ListToAppend->Blink;
  ListToAppend->Blink->Flink = ListHead;
  ListToAppend->Blink = last;
}

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

NTKERNELAPI VOID InitializeSListHead(_Out_ PSLIST_HEADER SListHead);
NTKERNELAPI USHORT ExQueryDepthSList(_In_ PSLIST_HEADER SListHead);
NTKERNELAPI PSLIST_ENTRY ExpInterlockedPushEntrySList(_Inout_ PSLIST_HEADER ListHead,
                                                      _Inout_ PSLIST_ENTRY ListEntry);
NTKERNELAPI PSLIST_ENTRY ExpInterlockedPopEntrySList(_Inout_ PSLIST_HEADER ListHead);
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

WDK_INLINE PSLIST_ENTRY FirstEntrySList(_In_ const SLIST_HEADER* ListHead) {
  return (PSLIST_ENTRY)(ULONG_PTR)(ListHead->HeaderX64.NextEntry << 4);
}

EXTERN_C_END
