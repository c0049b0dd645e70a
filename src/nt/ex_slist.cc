// SLISTs: singly linked lists that any number of threads push and pop without a lock of their own,
// at any IRQL. Head and counters are one 16-byte word that changes by compare-and-swap.
//
// A pop must read the first entry's Next, and the entry's owner may have freed it by then. Windows
// reads and, where the page is gone, repairs the fault. Here one pop at a time marks the head with
// a reserved bit: pushes pass it, other pops and flushes wait for the few instructions.
#include <wdm.h>

#include "nt/ke_bugcheck.h"
#include "nt/sched.h"

using namespace wskrun::nt;

namespace {

constexpr ULONGLONG kDepthMask = 0xFFFF;
constexpr ULONGLONG kSequence = 0x10000;
constexpr ULONGLONG kPopping = 0x2;  // The lowest of Reserved.
constexpr ULONGLONG kFlagMask = 0xF;

// The header's two words: the counters, and the first entry with the flags below it.
struct Head {
  ULONGLONG counters;
  ULONGLONG link;

  PSLIST_ENTRY first() const { return reinterpret_cast<PSLIST_ENTRY>(link & ~kFlagMask); }
  bool popping() const { return (link & kPopping) != 0; }
};

using Word = unsigned __int128;

Word word_of(const Head& head) {
  return (static_cast<Word>(head.link) << 64) | head.counters;
}

// The two words need not belong together: the compare-and-swap that follows finds out. The counters
// come last, because ThreadSanitizer knows a 16-byte word by the address of its first half: only
// with that half does it see what made the link visible.
Head read(const SLIST_HEADER& header) {
  const ULONGLONG link = __atomic_load_n(&header.Region, __ATOMIC_ACQUIRE);
  const ULONGLONG counters = __atomic_load_n(&header.Alignment, __ATOMIC_ACQUIRE);
  return {counters, link};
}

bool replace(SLIST_HEADER& header, const Head& old, const Head& wanted) {
  return __sync_bool_compare_and_swap(reinterpret_cast<Word*>(&header), word_of(old),
                                      word_of(wanted));
}

Head changed(const Head& old, PSLIST_ENTRY first, ULONGLONG depth, ULONGLONG flags) {
  return {((old.counters & ~kDepthMask) + kSequence) | (depth & kDepthMask),
          reinterpret_cast<ULONGLONG>(first) | flags};
}

// Marks the head for the caller, unless the list is empty.
bool begin_pop(SLIST_HEADER& header) {
  for (unsigned round = 0;; ++round) {
    const Head old = read(header);
    if (old.first() == nullptr) return false;
    if (!old.popping() && replace(header, old, {old.counters, old.link | kPopping})) return true;
    sched::pause(round);
  }
}

// While the head is marked, only pushes change it, so the first entry stays in the list.
PSLIST_ENTRY finish_pop(SLIST_HEADER& header) {
  for (;;) {
    const Head old = read(header);
    const PSLIST_ENTRY first = old.first();
    const ULONGLONG flags = old.link & kFlagMask & ~kPopping;
    if (replace(header, old, changed(old, first->Next, old.counters - 1, flags))) return first;
  }
}

}  // namespace

extern "C" {

void InitializeSListHead(PSLIST_HEADER SListHead) {
  *SListHead = {};
  SListHead->HeaderX64.HeaderType = 1;  // The 16-byte form.
}

USHORT ExQueryDepthSList(PSLIST_HEADER SListHead) {
  return static_cast<USHORT>(read(*SListHead).counters & kDepthMask);
}

PSLIST_ENTRY ExpInterlockedPushEntrySList(PSLIST_HEADER ListHead, PSLIST_ENTRY ListEntry) {
  if ((reinterpret_cast<ULONG_PTR>(ListEntry) & kFlagMask) != 0) {
    bug_check({KMODE_EXCEPTION_NOT_HANDLED,
               {static_cast<ULONG>(STATUS_DATATYPE_MISALIGNMENT),
                parameter(__builtin_return_address(0)), 0, parameter(ListEntry)}},
              "InterlockedPushEntrySList: the entry %p does not lie on a 16-byte boundary",
              static_cast<void*>(ListEntry));
  }
  for (;;) {
    const Head old = read(*ListHead);
    ListEntry->Next = old.first();
    const Head wanted = changed(old, ListEntry, old.counters + 1, old.link & kFlagMask);
    if (replace(*ListHead, old, wanted)) return old.first();
  }
}

PSLIST_ENTRY ExpInterlockedPopEntrySList(PSLIST_HEADER ListHead) {
  return begin_pop(*ListHead) ? finish_pop(*ListHead) : nullptr;
}

PSLIST_ENTRY ExpInterlockedFlushSList(PSLIST_HEADER ListHead) {
  for (unsigned round = 0;; ++round) {
    const Head old = read(*ListHead);
    if (old.first() == nullptr) return nullptr;
    if (!old.popping() && replace(*ListHead, old, changed(old, nullptr, 0, old.link & kFlagMask))) {
      return old.first();
    }
    sched::pause(round);
  }
}

}  // extern "C"
