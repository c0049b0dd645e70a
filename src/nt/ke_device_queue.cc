// KDEVICE_QUEUE: the requests that wait while a device is busy with one.
#include <wdm.h>

#include "nt/irql.h"
#include "probe/mistake.h"

namespace wskrun::nt {
namespace {

constexpr CSHORT kDeviceQueueObject = 20;

class QueueLock {
 public:
  explicit QueueLock(KDEVICE_QUEUE& queue)
      : lock_(&queue.Lock), irql_(KeAcquireSpinLockRaiseToDpc(lock_)) {}
  ~QueueLock() { KeReleaseSpinLock(lock_, irql_); }
  QueueLock(const QueueLock&) = delete;
  QueueLock& operator=(const QueueLock&) = delete;

 private:
  PKSPIN_LOCK const lock_;
  const KIRQL irql_;
};

KDEVICE_QUEUE_ENTRY& entry_of(LIST_ENTRY* link) {
  return *CONTAINING_RECORD(link, KDEVICE_QUEUE_ENTRY, DeviceListEntry);
}

// The first entry whose key is at least `key`, or the list's head.
LIST_ENTRY* first_from(KDEVICE_QUEUE& queue, ULONGLONG key) {
  LIST_ENTRY* link = queue.DeviceListHead.Flink;
  while (link != &queue.DeviceListHead && entry_of(link).SortKey < key) link = link->Flink;
  return link;
}

// Puts the entry before `place` if the queue is busy.
BOOLEAN insert_before(KDEVICE_QUEUE& queue, KDEVICE_QUEUE_ENTRY& entry, LIST_ENTRY* place) {
  entry.Inserted = queue.Busy;
  queue.Busy = TRUE;
  if (entry.Inserted) InsertTailList(place, &entry.DeviceListEntry);
  return entry.Inserted;
}

PKDEVICE_QUEUE_ENTRY take(KDEVICE_QUEUE& queue, LIST_ENTRY* link) {
  if (link == &queue.DeviceListHead) {
    queue.Busy = FALSE;
    return nullptr;
  }
  KDEVICE_QUEUE_ENTRY& entry = entry_of(link);
  RemoveEntryList(link);
  entry.Inserted = FALSE;
  return &entry;
}

void check_busy(const KDEVICE_QUEUE& queue, const char* function) {
  require_dispatch_level(function);
  if (queue.Busy) return;
  probe::mistake_of(function, &queue, "%s(%p): the queue is not busy; there is no request to end",
                    function, static_cast<const void*>(&queue));
}

}  // namespace
}  // namespace wskrun::nt

using namespace wskrun::nt;

extern "C" {

VOID KeInitializeDeviceQueue(PKDEVICE_QUEUE DeviceQueue) {
  *DeviceQueue = {};
  DeviceQueue->Type = kDeviceQueueObject;
  DeviceQueue->Size = sizeof *DeviceQueue;
  InitializeListHead(&DeviceQueue->DeviceListHead);
}

BOOLEAN KeInsertDeviceQueue(PKDEVICE_QUEUE DeviceQueue, PKDEVICE_QUEUE_ENTRY DeviceQueueEntry) {
  require_dispatch_level(__func__);
  QueueLock lock(*DeviceQueue);
  return insert_before(*DeviceQueue, *DeviceQueueEntry, &DeviceQueue->DeviceListHead);
}

BOOLEAN KeInsertByKeyDeviceQueue(PKDEVICE_QUEUE DeviceQueue, PKDEVICE_QUEUE_ENTRY DeviceQueueEntry,
                                 ULONG SortKey) {
  require_dispatch_level(__func__);
  QueueLock lock(*DeviceQueue);
  DeviceQueueEntry->SortKey = SortKey;
  LIST_ENTRY* const place = first_from(*DeviceQueue, ULONGLONG{SortKey} + 1);
  return insert_before(*DeviceQueue, *DeviceQueueEntry, place);
}

PKDEVICE_QUEUE_ENTRY KeRemoveDeviceQueue(PKDEVICE_QUEUE DeviceQueue) {
  check_busy(*DeviceQueue, __func__);
  QueueLock lock(*DeviceQueue);
  return take(*DeviceQueue, DeviceQueue->DeviceListHead.Flink);
}

PKDEVICE_QUEUE_ENTRY KeRemoveByKeyDeviceQueue(PKDEVICE_QUEUE DeviceQueue, ULONG SortKey) {
  check_busy(*DeviceQueue, __func__);
  QueueLock lock(*DeviceQueue);
  LIST_ENTRY* link = first_from(*DeviceQueue, SortKey);
  if (link == &DeviceQueue->DeviceListHead) link = link->Flink;
  return take(*DeviceQueue, link);
}

BOOLEAN KeRemoveEntryDeviceQueue(PKDEVICE_QUEUE DeviceQueue,
                                 PKDEVICE_QUEUE_ENTRY DeviceQueueEntry) {
  require_irql_at_most(DISPATCH_LEVEL, __func__);
  QueueLock lock(*DeviceQueue);
  if (!DeviceQueueEntry->Inserted) return FALSE;
  take(*DeviceQueue, &DeviceQueueEntry->DeviceListEntry);
  return TRUE;
}

}  // extern "C"
