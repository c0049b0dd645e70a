// ERESOURCE: a reader-writer lock that knows its owners, so that they may take it again. Its spin
// lock guards it; who has to wait hangs in a list by a record on its own stack, and whoever gives
// the resource back makes it the waiter's before it wakes it.
#include <wdm.h>

#include <algorithm>
#include <span>
#include <utility>

#include "nt/irql.h"
#include "nt/ke_bugcheck.h"
#include "nt/ps_thread.h"
#include "probe/mistake.h"

namespace wskrun::nt {
namespace {

constexpr ULONG kFirstTableSize = 4;
constexpr ERESOURCE_THREAD kOwnerPointerBits = 3;  // What tells an owner pointer from a thread.

struct Waiter {
  Waiter() { KeInitializeEvent(&wake, NotificationEvent, FALSE); }

  const ERESOURCE_THREAD owner = ExGetCurrentResourceThread();
  KEVENT wake;
  Waiter* next = nullptr;
};

class ResourceLock {
 public:
  explicit ResourceLock(ERESOURCE& resource)
      : lock_(&resource.SpinLock), irql_(KeAcquireSpinLockRaiseToDpc(lock_)) {}
  ~ResourceLock() { KeReleaseSpinLock(lock_, irql_); }
  ResourceLock(const ResourceLock&) = delete;
  ResourceLock& operator=(const ResourceLock&) = delete;

 private:
  PKSPIN_LOCK const lock_;
  const KIRQL irql_;
};

// The waiters of one kind, the longest waiting first.
void append(PVOID& list, Waiter& waiter) {
  auto** link = reinterpret_cast<Waiter**>(&list);
  while (*link != nullptr) link = &(*link)->next;
  *link = &waiter;
}

Waiter* first(PVOID list) {
  return static_cast<Waiter*>(list);
}

void wake_all(Waiter* waiters) {
  while (waiters != nullptr) {
    Waiter& waiter = *waiters;
    waiters = waiter.next;  // Its record is gone once it wakes up.
    KeSetEvent(&waiter.wake, IO_NO_INCREMENT, FALSE);
  }
}

// The owners. One has room in the resource itself, further ones in a table, whose first entry holds
// its size.

std::span<OWNER_ENTRY> table_of(const ERESOURCE& resource) {
  if (resource.OwnerTable == nullptr) return {};
  return {resource.OwnerTable + 1, resource.OwnerTable->TableSize - 1};
}

// The entry with this owner; with 0 a free one. nullptr: there is none.
OWNER_ENTRY* find_entry(ERESOURCE& resource, ERESOURCE_THREAD owner) {
  if (resource.OwnerEntry.OwnerThread == owner) return &resource.OwnerEntry;
  const std::span<OWNER_ENTRY> table = table_of(resource);
  const auto found = std::ranges::find(table, owner, &OWNER_ENTRY::OwnerThread);
  return found == table.end() ? nullptr : &*found;
}

OWNER_ENTRY& free_entry(ERESOURCE& resource) {
  if (OWNER_ENTRY* entry = find_entry(resource, 0)) return *entry;
  POWNER_ENTRY const old = resource.OwnerTable;
  const ULONG old_size = old == nullptr ? 1 : old->TableSize;
  const ULONG size = old == nullptr ? kFirstTableSize : 2 * old_size;
  resource.OwnerTable = new OWNER_ENTRY[size]{};
  if (old != nullptr) std::copy_n(old, old_size, resource.OwnerTable);
  resource.OwnerTable->TableSize = size;
  delete[] old;
  return resource.OwnerTable[old_size];
}

bool is_exclusive(const ERESOURCE& resource) {
  return (resource.Flag & ResourceOwnedExclusive) != 0;
}

void count_owners(ERESOURCE& resource, int change) {
  resource.ActiveEntries += static_cast<ULONG>(change);
  resource.ActiveCount = static_cast<SHORT>(resource.ActiveEntries);
}

void take(ERESOURCE& resource, ERESOURCE_THREAD owner) {
  OWNER_ENTRY* entry = find_entry(resource, owner);
  if (entry == nullptr) {
    entry = &free_entry(resource);
    entry->OwnerThread = owner;
    count_owners(resource, +1);
  }
  entry->OwnerCount = entry->OwnerCount + 1;
}

Waiter* let_readers_in(ERESOURCE& resource) {
  Waiter* const readers = first(std::exchange(resource.SharedWaiters, nullptr));
  resource.NumberOfSharedWaiters = 0;
  for (Waiter* each = readers; each != nullptr; each = each->next) take(resource, each->owner);
  return readers;
}

Waiter* let_writer_in(ERESOURCE& resource) {
  Waiter* const writer = first(resource.ExclusiveWaiters);
  if (writer == nullptr) return nullptr;
  resource.ExclusiveWaiters = std::exchange(writer->next, nullptr);
  --resource.NumberOfExclusiveWaiters;
  resource.Flag |= ResourceOwnedExclusive;
  take(resource, writer->owner);
  return writer;
}

// Nobody holds the resource: after a writer the readers have their turn, after readers a writer.
Waiter* hand_over(ERESOURCE& resource) {
  const bool was_exclusive = is_exclusive(resource);
  resource.Flag &= static_cast<USHORT>(~ResourceOwnedExclusive);
  const bool readers_first = was_exclusive && resource.SharedWaiters != nullptr;
  return readers_first ? let_readers_in(resource) : let_writer_in(resource);
}

enum class Writers { kGoBeforeNewReaders, kGoBeforeAll, kStarve };

bool may_share(ERESOURCE& resource, ERESOURCE_THREAD self, Writers writers) {
  if (resource.ActiveEntries == 0) return true;
  const bool mine = find_entry(resource, self) != nullptr;
  if (is_exclusive(resource)) return mine;
  if (resource.ExclusiveWaiters == nullptr || writers == Writers::kStarve) return true;
  return mine && writers == Writers::kGoBeforeNewReaders;
}

void check_acquire(const ERESOURCE& resource, const char* function) {
  require_irql_at_most(APC_LEVEL, function);
  if (KeAreApcsDisabled()) return;
  probe::mistake_of(function, &resource,
                    "%s(%p) outside of a critical region: the thread may be suspended while it "
                    "holds the resource. Call KeEnterCriticalRegion before, KeLeaveCriticalRegion "
                    "after the release",
                    function, static_cast<const void*>(&resource));
}

void sleep_until_owned(Waiter& self) {
  KeWaitForSingleObject(&self.wake, WrResource, KernelMode, FALSE, nullptr);
}

BOOLEAN acquire_shared(ERESOURCE& resource, BOOLEAN wait, Writers writers, const char* function) {
  check_acquire(resource, function);
  Waiter self;
  {
    ResourceLock lock(resource);
    if (may_share(resource, self.owner, writers)) {
      take(resource, self.owner);
      return TRUE;
    }
    if (!wait) return FALSE;
    ++resource.ContentionCount;
    ++resource.NumberOfSharedWaiters;
    append(resource.SharedWaiters, self);
  }
  sleep_until_owned(self);
  return TRUE;
}

BOOLEAN acquire_exclusive(ERESOURCE& resource, BOOLEAN wait, const char* function) {
  check_acquire(resource, function);
  Waiter self;
  bool shared_by_self;
  {
    ResourceLock lock(resource);
    shared_by_self = find_entry(resource, self.owner) != nullptr && !is_exclusive(resource);
    if (resource.ActiveEntries == 0) resource.Flag |= ResourceOwnedExclusive;
    if (resource.ActiveEntries == 0 ||
        (is_exclusive(resource) && find_entry(resource, self.owner) != nullptr)) {
      take(resource, self.owner);
      return TRUE;
    }
    if (!wait) return FALSE;
    ++resource.ContentionCount;
    ++resource.NumberOfExclusiveWaiters;
    append(resource.ExclusiveWaiters, self);
  }
  if (shared_by_self) {
    probe::mistake(&resource,
                   "%s(%p): the calling thread holds the resource shared and waits for itself. "
                   "Release it first",
                   function, static_cast<void*>(&resource));
  }
  sleep_until_owned(self);
  return TRUE;
}

[[noreturn]] void not_owned(const ERESOURCE& resource, ERESOURCE_THREAD owner,
                            const char* function) {
  bug_check({RESOURCE_NOT_OWNED, {parameter(&resource), owner, parameter(resource.OwnerTable), 0}},
            "%s(%p): %p does not hold the resource so", function,
            static_cast<const void*>(&resource), reinterpret_cast<void*>(owner));
}

// Returns who holds the resource now, to be woken when the lock is free.
Waiter* release_locked(ERESOURCE& resource, ERESOURCE_THREAD owner, const char* function) {
  OWNER_ENTRY* const entry = find_entry(resource, owner);
  if (entry == nullptr) not_owned(resource, owner, function);
  entry->OwnerCount = entry->OwnerCount - 1;
  if (entry->OwnerCount != 0) return nullptr;
  *entry = {};
  count_owners(resource, -1);
  return resource.ActiveEntries == 0 ? hand_over(resource) : nullptr;
}

void release(ERESOURCE& resource, ERESOURCE_THREAD owner, const char* function) {
  require_irql_at_most(DISPATCH_LEVEL, function);
  Waiter* next_owners;
  {
    ResourceLock lock(resource);
    next_owners = release_locked(resource, owner, function);
  }
  wake_all(next_owners);
}

void check_unused(const ERESOURCE& resource, const char* function) {
  if (resource.ActiveEntries == 0) return;
  probe::mistake_of(function, &resource,
                    "%s(%p): %u owners still hold the resource. Release it first", function,
                    static_cast<const void*>(&resource), resource.ActiveEntries);
}

}  // namespace
}  // namespace wskrun::nt

using namespace wskrun::nt;

extern "C" {

NTSTATUS ExInitializeResourceLite(PERESOURCE Resource) {
  *Resource = {};
  InitializeListHead(&Resource->SystemResourcesList);
  return STATUS_SUCCESS;
}

NTSTATUS ExReinitializeResourceLite(PERESOURCE Resource) {
  const NTSTATUS status = ExDeleteResourceLite(Resource);
  ExInitializeResourceLite(Resource);
  return status;
}

NTSTATUS ExDeleteResourceLite(PERESOURCE Resource) {
  check_unused(*Resource, __func__);
  delete[] std::exchange(Resource->OwnerTable, nullptr);
  return STATUS_SUCCESS;
}

BOOLEAN ExAcquireResourceExclusiveLite(PERESOURCE Resource, BOOLEAN Wait) {
  return acquire_exclusive(*Resource, Wait, __func__);
}

BOOLEAN ExAcquireResourceSharedLite(PERESOURCE Resource, BOOLEAN Wait) {
  return acquire_shared(*Resource, Wait, Writers::kGoBeforeNewReaders, __func__);
}

BOOLEAN ExAcquireSharedStarveExclusive(PERESOURCE Resource, BOOLEAN Wait) {
  return acquire_shared(*Resource, Wait, Writers::kStarve, __func__);
}

BOOLEAN ExAcquireSharedWaitForExclusive(PERESOURCE Resource, BOOLEAN Wait) {
  return acquire_shared(*Resource, Wait, Writers::kGoBeforeAll, __func__);
}

VOID ExReleaseResourceLite(PERESOURCE Resource) {
  release(*Resource, ExGetCurrentResourceThread(), __func__);
}

VOID ExReleaseResourceForThreadLite(PERESOURCE Resource, ERESOURCE_THREAD ResourceThreadId) {
  release(*Resource, ResourceThreadId, __func__);
}

VOID ExConvertExclusiveToSharedLite(PERESOURCE Resource) {
  require_irql_at_most(APC_LEVEL, __func__);
  Waiter* readers;
  {
    const ERESOURCE_THREAD self = ExGetCurrentResourceThread();
    ResourceLock lock(*Resource);
    if (!is_exclusive(*Resource) || find_entry(*Resource, self) == nullptr) {
      not_owned(*Resource, self, __func__);
    }
    Resource->Flag &= static_cast<USHORT>(~ResourceOwnedExclusive);
    readers = let_readers_in(*Resource);
  }
  wake_all(readers);
}

VOID ExSetResourceOwnerPointer(PERESOURCE Resource, PVOID OwnerPointer) {
  ExSetResourceOwnerPointerEx(Resource, OwnerPointer, 0);
}

VOID ExSetResourceOwnerPointerEx(PERESOURCE Resource, PVOID OwnerPointer, ULONG Flags) {
  (void)Flags;  // FLAG_OWNER_POINTER_IS_THREAD lets Windows boost that thread's priority.
  require_irql_at_most(DISPATCH_LEVEL, __func__);
  const auto owner = reinterpret_cast<ERESOURCE_THREAD>(OwnerPointer);
  if ((owner & kOwnerPointerBits) != kOwnerPointerBits) {
    wskrun::probe::mistake(Resource, "%s(%p): the owner pointer %p needs its two low bits set",
                           __func__, static_cast<void*>(Resource), OwnerPointer);
  }
  const ERESOURCE_THREAD self = ExGetCurrentResourceThread();
  ResourceLock lock(*Resource);
  OWNER_ENTRY* const entry = find_entry(*Resource, self);
  if (entry == nullptr) not_owned(*Resource, self, __func__);
  OWNER_ENTRY* const shares = find_entry(*Resource, owner);
  if (shares == nullptr) {
    entry->OwnerThread = owner;
    return;
  }
  shares->OwnerCount = shares->OwnerCount + entry->OwnerCount;
  *entry = {};
  count_owners(*Resource, -1);
}

PVOID ExEnterCriticalRegionAndAcquireResourceExclusive(PERESOURCE Resource) {
  KeEnterCriticalRegion();
  ExAcquireResourceExclusiveLite(Resource, TRUE);
  return KeGetCurrentThread();
}

PVOID ExEnterCriticalRegionAndAcquireResourceShared(PERESOURCE Resource) {
  KeEnterCriticalRegion();
  ExAcquireResourceSharedLite(Resource, TRUE);
  return KeGetCurrentThread();
}

PVOID ExEnterCriticalRegionAndAcquireSharedWaitForExclusive(PERESOURCE Resource) {
  KeEnterCriticalRegion();
  ExAcquireSharedWaitForExclusive(Resource, TRUE);
  return KeGetCurrentThread();
}

VOID ExReleaseResourceAndLeaveCriticalRegion(PERESOURCE Resource) {
  ExReleaseResourceLite(Resource);
  KeLeaveCriticalRegion();
}

BOOLEAN ExIsResourceAcquiredExclusiveLite(PERESOURCE Resource) {
  ResourceLock lock(*Resource);
  return is_exclusive(*Resource) && find_entry(*Resource, ExGetCurrentResourceThread()) != nullptr;
}

ULONG ExIsResourceAcquiredSharedLite(PERESOURCE Resource) {
  ResourceLock lock(*Resource);
  const OWNER_ENTRY* const entry = find_entry(*Resource, ExGetCurrentResourceThread());
  return entry == nullptr ? 0 : entry->OwnerCount;
}

ULONG ExGetExclusiveWaiterCount(PERESOURCE Resource) {
  ResourceLock lock(*Resource);
  return Resource->NumberOfExclusiveWaiters;
}

ULONG ExGetSharedWaiterCount(PERESOURCE Resource) {
  ResourceLock lock(*Resource);
  return Resource->NumberOfSharedWaiters;
}

}  // extern "C"
