// Lists and counters that a spin lock guards: the ExInterlocked family. The lists of ex_slist.cc
// need no lock.
#include <wdm.h>

namespace {

// Holds a driver's spin lock for a scope.
class SpinLockScope {
 public:
  explicit SpinLockScope(PKSPIN_LOCK lock)
      : lock_(lock), irql_(KeAcquireSpinLockRaiseToDpc(lock)) {}
  ~SpinLockScope() { KeReleaseSpinLock(lock_, irql_); }
  SpinLockScope(const SpinLockScope&) = delete;
  SpinLockScope& operator=(const SpinLockScope&) = delete;

 private:
  const PKSPIN_LOCK lock_;
  const KIRQL irql_;
};

}  // namespace

extern "C" {

// What was first before, nullptr for an empty list.
PLIST_ENTRY ExInterlockedInsertHeadList(PLIST_ENTRY ListHead, PLIST_ENTRY ListEntry,
                                        PKSPIN_LOCK Lock) {
  const SpinLockScope scope(Lock);
  PLIST_ENTRY first = IsListEmpty(ListHead) ? nullptr : ListHead->Flink;
  InsertHeadList(ListHead, ListEntry);
  return first;
}

PLIST_ENTRY ExInterlockedInsertTailList(PLIST_ENTRY ListHead, PLIST_ENTRY ListEntry,
                                        PKSPIN_LOCK Lock) {
  const SpinLockScope scope(Lock);
  PLIST_ENTRY last = IsListEmpty(ListHead) ? nullptr : ListHead->Blink;
  InsertTailList(ListHead, ListEntry);
  return last;
}

PLIST_ENTRY ExInterlockedRemoveHeadList(PLIST_ENTRY ListHead, PKSPIN_LOCK Lock) {
  const SpinLockScope scope(Lock);
  return IsListEmpty(ListHead) ? nullptr : RemoveHeadList(ListHead);
}

PSINGLE_LIST_ENTRY ExInterlockedPopEntryList(PSINGLE_LIST_ENTRY ListHead, PKSPIN_LOCK Lock) {
  const SpinLockScope scope(Lock);
  return PopEntryList(ListHead);
}

PSINGLE_LIST_ENTRY ExInterlockedPushEntryList(PSINGLE_LIST_ENTRY ListHead,
                                              PSINGLE_LIST_ENTRY ListEntry, PKSPIN_LOCK Lock) {
  const SpinLockScope scope(Lock);
  PSINGLE_LIST_ENTRY first = ListHead->Next;
  PushEntryList(ListHead, ListEntry);
  return first;
}

LARGE_INTEGER ExInterlockedAddLargeInteger(PLARGE_INTEGER Addend, LARGE_INTEGER Increment,
                                           PKSPIN_LOCK Lock) {
  const SpinLockScope scope(Lock);
  const LARGE_INTEGER before = *Addend;
  Addend->QuadPart += Increment.QuadPart;
  return before;
}

ULONG ExInterlockedAddUlong(PULONG Addend, ULONG Increment, PKSPIN_LOCK Lock) {
  const SpinLockScope scope(Lock);
  const ULONG before = *Addend;
  *Addend += Increment;
  return before;
}

}  // extern "C"
