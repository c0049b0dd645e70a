// The driver's own threads: PsCreateSystemThread, PsTerminateSystemThread, and what the WDK tells
// about threads and the one process. Records of all threads are ps_thread.cc's.
#include <wdm.h>

#include <csetjmp>

#include "base/list.h"
#include "base/mutex.h"
#include "nt/ke_bugcheck.h"
#include "nt/ke_dispatcher.h"
#include "nt/ob_object.h"
#include "nt/ps_thread.h"
#include "nt/upcall.h"
#include "probe/mistake.h"

namespace wskrun::nt {
namespace {

// There is one process, the system's; nobody destroys it.
struct Process {
  DISPATCHER_HEADER header;
};

constexpr UCHAR kProcessObject = 3;
constexpr std::uintptr_t kSystemProcessId = 4;  // As on Windows.

_OBJECT_TYPE process_type = {"Process", [](void*) {}};
POBJECT_TYPE process_type_pointer = &process_type;

PEPROCESS make_system_process() {
  static ObjectBox<Process> box(&process_type);
  initialize_header(box.body.header, kProcessObject, sizeof(Process), 0);
  return reinterpret_cast<PEPROCESS>(&box.body);
}

// Threads that have left the driver and wait to be joined. Each holds a reference to itself.
struct EndedThreads {
  base::Mutex mutex;
  base::List<Thread, &Thread::ended_link> list GUARDED_BY(mutex);
};

EndedThreads& ended_threads() {
  static EndedThreads* const instance = new EndedThreads;
  return *instance;
}

void run_start_routine(Thread& thread) {
  std::jmp_buf exit;
  thread.exit = &exit;
  // PsTerminateSystemThread comes back here by longjmp. Like Windows it abandons the driver's
  // frames without running destructors; unwinding them would end at the first noexcept function.
  if (setjmp(exit) == 0) {
    upcall("StartRoutine", thread.start_routine, thread.start_context);
  } else {
    probe::emit({.fact = probe::Fact::kUpcallLeave,
                 .subject = reinterpret_cast<const void*>(thread.start_routine),
                 .text = "StartRoutine"});
  }
  thread.exit = nullptr;
}

void run_system_thread(void* context) {
  Thread& thread = thread_of(context);
  become_thread(thread);
  run_start_routine(thread);
  check_may_end(thread);
  ledger_remove(thread.ledger);
  {
    // Before the signal: who sees that the thread has ended may stop the executive, which then
    // finds it here.
    base::MutexLock lock(ended_threads().mutex);
    ended_threads().list.push_back(thread);
  }
  signal_end(thread);  // The record lives until this thread is joined.
}

bool start_system_thread(Thread& thread) {
  base::MutexLock lock(ended_threads().mutex);  // Guards the token until it is written.
  return sched::start_thread("system-thread", run_system_thread, &thread, thread.token);
}

Thread* pop_ended_thread() {
  base::MutexLock lock(ended_threads().mutex);
  return ended_threads().list.pop_front();
}

}  // namespace

void join_ended_threads() {
  while (Thread* thread = pop_ended_thread()) {
    sched::join_thread(thread->token);
    dereference_object(thread);
  }
}

}  // namespace wskrun::nt

using namespace wskrun::nt;

extern "C" {

POBJECT_TYPE* PsProcessType = &process_type_pointer;
PEPROCESS PsInitialSystemProcess = make_system_process();

NTSTATUS PsCreateSystemThread(PHANDLE ThreadHandle, ULONG DesiredAccess,
                              POBJECT_ATTRIBUTES ObjectAttributes, HANDLE ProcessHandle,
                              PCLIENT_ID ClientId, PKSTART_ROUTINE StartRoutine,
                              PVOID StartContext) {
  (void)DesiredAccess;     // The kernel has all access to its own threads.
  (void)ObjectAttributes;  // Threads have no names, and every handle is the kernel's.
  (void)ProcessHandle;     // There is one process.
  require_irql_at_most(PASSIVE_LEVEL, __func__);
  join_ended_threads();
  Thread* made = make_thread();
  if (made == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
  Thread& thread = *made;
  thread.start_routine = StartRoutine;
  thread.start_context = StartContext;
  ledger_add(thread.ledger, Holding::kThread, &thread, sizeof thread, 0,
             __builtin_return_address(0));
  const HANDLE handle = open_handle(&thread);  // Now: the thread may end before this returns.
  const std::uint32_t id = thread.id;
  if (!start_system_thread(thread)) {
    ledger_remove(thread.ledger);
    dereference_object(&thread);
    ZwClose(handle);
    return STATUS_INSUFFICIENT_RESOURCES;
  }
  if (ClientId != nullptr) {
    *ClientId = {PsGetCurrentProcessId(), reinterpret_cast<HANDLE>(std::uintptr_t{id})};
  }
  *ThreadHandle = handle;
  return STATUS_SUCCESS;
}

NTSTATUS PsTerminateSystemThread(NTSTATUS ExitStatus) {
  (void)ExitStatus;  // Nobody can ask for it.
  Thread& self = current_thread();
  if (self.exit == nullptr) {
    wskrun::probe::mistake(&self,
                           "PsTerminateSystemThread was called on a thread that "
                           "PsCreateSystemThread did not make");
    return STATUS_INVALID_PARAMETER;
  }
  check_irql_after_upcall("StartRoutine", reinterpret_cast<const void*>(self.start_routine),
                          PASSIVE_LEVEL);
  std::longjmp(*self.exit, 1);
}

HANDLE PsGetCurrentThreadId(VOID) {
  return reinterpret_cast<HANDLE>(std::uintptr_t{current_thread().id});
}

HANDLE PsGetThreadId(PETHREAD Thread) {
  return reinterpret_cast<HANDLE>(std::uintptr_t{thread_of(Thread).id});
}

HANDLE PsGetCurrentProcessId(VOID) {
  return reinterpret_cast<HANDLE>(kSystemProcessId);
}

HANDLE PsGetProcessId(PEPROCESS Process) {
  (void)Process;  // There is one.
  return PsGetCurrentProcessId();
}

PEPROCESS PsGetThreadProcess(PETHREAD Thread) {
  (void)Thread;
  return PsInitialSystemProcess;
}

PEPROCESS IoGetCurrentProcess(VOID) {
  return PsInitialSystemProcess;
}

PEPROCESS IoGetRequestorProcess(PIRP Irp) {
  return Irp->Tail.Overlay.Thread == nullptr ? nullptr : PsInitialSystemProcess;
}

PVOID IoGetInitialStack(VOID) {
  return reinterpret_cast<PVOID>(sched::own_stack().high);
}

VOID IoGetStackLimits(PULONG_PTR LowLimit, PULONG_PTR HighLimit) {
  const sched::Stack stack = sched::own_stack();
  *LowLimit = stack.low;
  *HighLimit = stack.high;
}

ULONG_PTR IoGetRemainingStackSize(VOID) {
  return reinterpret_cast<ULONG_PTR>(__builtin_frame_address(0)) - sched::own_stack().low;
}

BOOLEAN PsIsThreadTerminating(PETHREAD Thread) {
  DispatcherLock lock;
  return thread_of(Thread).header.SignalState != 0;
}

KPROCESSOR_MODE ExGetPreviousMode(VOID) {
  return KernelMode;  // Nobody else calls.
}

BOOLEAN PsIsSystemThread(PETHREAD Thread) {
  (void)Thread;  // There are no others: every thread belongs to the system process.
  return TRUE;
}

}  // extern "C"
