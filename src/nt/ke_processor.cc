// Processor numbers and counts. All processors are in group 0.
#include "nt/ke_processor.h"

#include <atomic>

#include "nt/ps_thread.h"
#include "nt/sched.h"

namespace wskrun::nt {
namespace {

std::atomic<unsigned> count{0};  // 0: as many as the process may use.
std::atomic<KIRQL> level{DISPATCH_LEVEL};
thread_local unsigned thread_processor = kNoProcessor;

}  // namespace

unsigned processor_count() {
  const unsigned set = count.load(std::memory_order_relaxed);
  return set != 0 ? set : sched::processors();
}

KAFFINITY all_processors() {
  const unsigned processors = processor_count();
  return processors >= 64 ? ~KAFFINITY{0} : (KAFFINITY{1} << processors) - 1;
}

void set_processor_count(unsigned processors) {
  count.store(processors, std::memory_order_relaxed);
}

KIRQL delivery_level() {
  return level.load(std::memory_order_relaxed);
}

void set_delivery_level(KIRQL irql) {
  level.store(irql, std::memory_order_relaxed);
}

unsigned own_processor() {
  return thread_processor;
}

void set_own_processor(unsigned processor) {
  thread_processor = processor;
}

unsigned current_processor() {
  if (thread_processor != kNoProcessor) return thread_processor;
  const Thread& self = current_thread();
  const KAFFINITY affinity = self.affinity;
  if (affinity != 0) return static_cast<unsigned>(__builtin_ctzll(affinity));
  return self.id / 4 % processor_count();
}

}  // namespace wskrun::nt

using namespace wskrun::nt;

namespace {

bool is_our_group(USHORT group) {
  return group == 0 || group == ALL_PROCESSOR_GROUPS;
}

constexpr ULONG kInvalidProcessorIndex = 0xFFFFFFFF;

}  // namespace

extern "C" {

ULONG KeGetCurrentProcessorNumberEx(PPROCESSOR_NUMBER ProcNumber) {
  const unsigned processor = current_processor();
  if (ProcNumber != nullptr) *ProcNumber = {0, static_cast<UCHAR>(processor), 0};
  return processor;
}

ULONG KeQueryActiveProcessorCount(PKAFFINITY ActiveProcessors) {
  if (ActiveProcessors != nullptr) *ActiveProcessors = all_processors();
  return processor_count();
}

ULONG KeQueryActiveProcessorCountEx(USHORT GroupNumber) {
  return is_our_group(GroupNumber) ? processor_count() : 0;
}

ULONG KeQueryMaximumProcessorCount(VOID) {
  return processor_count();
}

ULONG KeQueryMaximumProcessorCountEx(USHORT GroupNumber) {
  return KeQueryActiveProcessorCountEx(GroupNumber);
}

USHORT KeQueryActiveGroupCount(VOID) {
  return 1;
}

USHORT KeQueryMaximumGroupCount(VOID) {
  return 1;
}

KAFFINITY KeQueryActiveProcessors(VOID) {
  return all_processors();
}

KAFFINITY KeQueryGroupAffinity(USHORT GroupNumber) {
  return GroupNumber == 0 ? all_processors() : 0;
}

NTSTATUS KeGetProcessorNumberFromIndex(ULONG ProcIndex, PPROCESSOR_NUMBER ProcNumber) {
  if (ProcIndex >= processor_count()) return STATUS_INVALID_PARAMETER;
  *ProcNumber = {0, static_cast<UCHAR>(ProcIndex), 0};
  return STATUS_SUCCESS;
}

ULONG KeGetProcessorIndexFromNumber(PPROCESSOR_NUMBER ProcNumber) {
  const bool known = ProcNumber->Group == 0 && ProcNumber->Number < processor_count();
  return known ? ProcNumber->Number : kInvalidProcessorIndex;
}

// NUMA: to the driver all processors are one node.

USHORT KeGetCurrentNodeNumber(VOID) {
  return 0;
}

USHORT KeQueryHighestNodeNumber(VOID) {
  return 0;
}

VOID KeQueryNodeActiveAffinity(USHORT NodeNumber, PGROUP_AFFINITY Affinity, PUSHORT Count) {
  const bool known = NodeNumber == 0;
  if (Affinity != nullptr) {
    *Affinity = {};
    Affinity->Mask = known ? all_processors() : 0;
  }
  if (Count != nullptr) *Count = KeQueryNodeMaximumProcessorCount(NodeNumber);
}

USHORT KeQueryNodeMaximumProcessorCount(USHORT NodeNumber) {
  return static_cast<USHORT>(NodeNumber == 0 ? processor_count() : 0);
}

ULONG KeGetRecommendedSharedDataAlignment(VOID) {
  return SYSTEM_CACHE_ALIGNMENT_SIZE;
}

// Affinities. Linux goes on to run the thread where it likes, but the thread counts as one of the
// processor it asked for: that one's number, and its DPCs.

KAFFINITY KeSetSystemAffinityThreadEx(KAFFINITY Affinity) {
  return current_thread().affinity.exchange(Affinity & all_processors());
}

VOID KeSetSystemAffinityThread(KAFFINITY Affinity) {
  KeSetSystemAffinityThreadEx(Affinity);
}

VOID KeRevertToUserAffinityThread(VOID) {
  current_thread().affinity = 0;
}

VOID KeRevertToUserAffinityThreadEx(KAFFINITY Affinity) {
  current_thread().affinity = Affinity;
}

VOID KeSetSystemGroupAffinityThread(PGROUP_AFFINITY Affinity, PGROUP_AFFINITY PreviousAffinity) {
  const KAFFINITY before = KeSetSystemAffinityThreadEx(Affinity->Mask);
  if (PreviousAffinity == nullptr) return;
  *PreviousAffinity = {};
  PreviousAffinity->Mask = before;
}

VOID KeRevertToUserGroupAffinityThread(PGROUP_AFFINITY PreviousAffinity) {
  KeRevertToUserAffinityThreadEx(PreviousAffinity->Mask);
}

}  // extern "C"
