// Threads by their handles: waiting for one, asking and changing what it is like.
#include <wdm.h>

#include <cstring>
#include <string>

#include "nt/irql.h"
#include "nt/ke_processor.h"
#include "nt/ob_object.h"
#include "nt/ps_thread.h"
#include "nt/rtl_string.h"
#include "nt/utf.h"

namespace wskrun::nt {
namespace {

// Objects that begin with a DISPATCHER_HEADER.
bool can_be_waited_for(void* body) {
  const POBJECT_TYPE type = object_header(body).type;
  return type == *PsThreadType || type == *PsProcessType || type == *ExEventObjectType;
}

KAFFINITY affinity_of(const Thread& thread) {
  const KAFFINITY affinity = thread.affinity;
  return affinity != 0 ? affinity : all_processors();
}

// What a class of information is about. A row without a function cannot be asked or set.
struct InformationRow {
  THREADINFOCLASS information_class;
  ULONG size;
  NTSTATUS (*set)(Thread& thread, void* information);
  void (*query)(const Thread& thread, void* information);
};

NTSTATUS set_priority(Thread& thread, void* information) {
  const auto priority = *static_cast<KPRIORITY*>(information);
  if (priority <= LOW_PRIORITY || priority > HIGH_PRIORITY) return STATUS_INVALID_PARAMETER;
  thread.priority = priority;
  return STATUS_SUCCESS;
}

NTSTATUS set_base_priority(Thread& thread, void* information) {
  const KPRIORITY priority = kNormalPriority + *static_cast<LONG*>(information);
  if (priority <= LOW_PRIORITY || priority > HIGH_PRIORITY) return STATUS_INVALID_PARAMETER;
  thread.priority = priority;
  return STATUS_SUCCESS;
}

void query_priority(const Thread& thread, void* information) {
  *static_cast<KPRIORITY*>(information) = thread.priority;
}

NTSTATUS set_affinity(Thread& thread, void* information) {
  const auto affinity = *static_cast<KAFFINITY*>(information);
  if (affinity == 0 || (affinity & ~all_processors()) != 0) return STATUS_INVALID_PARAMETER;
  thread.affinity = affinity;
  return STATUS_SUCCESS;
}

NTSTATUS set_group_affinity(Thread& thread, void* information) {
  auto& group = *static_cast<GROUP_AFFINITY*>(information);
  return group.Group == 0 ? set_affinity(thread, &group.Mask) : STATUS_INVALID_PARAMETER;
}

void query_group_affinity(const Thread& thread, void* information) {
  auto& group = *static_cast<GROUP_AFFINITY*>(information);
  group = {};
  group.Mask = affinity_of(thread);
}

NTSTATUS set_ideal_processor(Thread& thread, void* information) {
  auto& number = *static_cast<PROCESSOR_NUMBER*>(information);
  const ULONG index = KeGetProcessorIndexFromNumber(&number);
  if (index >= processor_count()) return STATUS_INVALID_PARAMETER;
  return KeGetProcessorNumberFromIndex(thread.ideal_processor.exchange(index), &number);
}

void query_ideal_processor(const Thread& thread, void* information) {
  KeGetProcessorNumberFromIndex(thread.ideal_processor,
                                static_cast<PPROCESSOR_NUMBER>(information));
}

NTSTATUS set_name(Thread& thread, void* information) {
  const std::string name =
      to_utf8(view_of(static_cast<PTHREAD_NAME_INFORMATION>(information)->ThreadName));
  int native_id = 0;
  for (unsigned round = 0; (native_id = thread.native_id.load(std::memory_order_acquire)) == 0;
       ++round) {
    sched::pause(round);  // It has been started and is about to say.
  }
  sched::name_thread(native_id, name.c_str());
  return STATUS_SUCCESS;
}

constexpr InformationRow kInformation[] = {
    {ThreadPriority, sizeof(KPRIORITY), set_priority, query_priority},
    {ThreadBasePriority, sizeof(LONG), set_base_priority, nullptr},
    {ThreadActualBasePriority, sizeof(KPRIORITY), nullptr, query_priority},
    {ThreadAffinityMask, sizeof(KAFFINITY), set_affinity, nullptr},
    {ThreadGroupInformation, sizeof(GROUP_AFFINITY), set_group_affinity, query_group_affinity},
    {ThreadIdealProcessorEx, sizeof(PROCESSOR_NUMBER), set_ideal_processor, query_ideal_processor},
    {ThreadNameInformation, sizeof(THREAD_NAME_INFORMATION), set_name, nullptr},
};

const InformationRow* row_of(THREADINFOCLASS information_class) {
  for (const InformationRow& row : kInformation) {
    if (row.information_class == information_class) return &row;
  }
  return nullptr;
}

}  // namespace
}  // namespace wskrun::nt

using namespace wskrun::nt;

extern "C" {

NTSTATUS ZwWaitForSingleObject(HANDLE Handle, BOOLEAN Alertable, PLARGE_INTEGER Timeout) {
  require_irql_at_most(PASSIVE_LEVEL, __func__);
  const Referenced object(Handle, nullptr);
  if (!NT_SUCCESS(object.status())) return object.status();
  if (!can_be_waited_for(object.body())) return STATUS_OBJECT_TYPE_MISMATCH;
  return KeWaitForSingleObject(object.body(), UserRequest, KernelMode, Alertable, Timeout);
}

NTSTATUS ZwSetInformationThread(HANDLE ThreadHandle, THREADINFOCLASS ThreadInformationClass,
                                PVOID ThreadInformation, ULONG ThreadInformationLength) {
  require_irql_at_most(PASSIVE_LEVEL, __func__);
  const InformationRow* const row = row_of(ThreadInformationClass);
  if (row == nullptr || row->set == nullptr) return STATUS_INVALID_INFO_CLASS;
  if (ThreadInformationLength != row->size) return STATUS_INFO_LENGTH_MISMATCH;
  const Referenced object(ThreadHandle, *PsThreadType);
  if (!NT_SUCCESS(object.status())) return object.status();
  return row->set(thread_of(object.body()), ThreadInformation);
}

NTSTATUS ZwQueryInformationThread(HANDLE ThreadHandle, THREADINFOCLASS ThreadInformationClass,
                                  PVOID ThreadInformation, ULONG ThreadInformationLength,
                                  PULONG ReturnLength) {
  require_irql_at_most(PASSIVE_LEVEL, __func__);
  const InformationRow* const row = row_of(ThreadInformationClass);
  if (row == nullptr || row->query == nullptr) return STATUS_INVALID_INFO_CLASS;
  if (ReturnLength != nullptr) *ReturnLength = row->size;
  if (ThreadInformationLength != row->size) return STATUS_INFO_LENGTH_MISMATCH;
  const Referenced object(ThreadHandle, *PsThreadType);
  if (!NT_SUCCESS(object.status())) return object.status();
  row->query(thread_of(object.body()), ThreadInformation);
  return STATUS_SUCCESS;
}

}  // extern "C"
