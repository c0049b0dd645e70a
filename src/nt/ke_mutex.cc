// KMUTEX: one owner, which may take it again and again. Its owner runs in a critical region. A
// thread that ends while it owns one stops the process, as on Windows, so that no wait ever ends
// with STATUS_ABANDONED.
#include "nt/ke_mutex.h"

#include <type_traits>

#include "nt/irql.h"
#include "nt/ke_bugcheck.h"
#include "nt/ke_dispatcher.h"

static_assert(sizeof(KMUTEX) == 0x38 && std::is_trivially_destructible_v<KMUTEX>);

namespace wskrun::nt {
namespace {

KMUTEX& mutex_of(DISPATCHER_HEADER& header) {
  return *CONTAINING_RECORD(&header, KMUTEX, Header);
}

void* owner_of(const KMUTEX& mutex) {
  return mutex.OwnerThread;
}

}  // namespace

bool owns_mutex(const DISPATCHER_HEADER& header, const Thread& thread) {
  return owner_of(*CONTAINING_RECORD(&header, const KMUTEX, Header)) == &thread;
}

void take_mutex(DISPATCHER_HEADER& header, Thread& thread) {
  if (--header.SignalState != 0) return;  // It owned the mutex before.
  KMUTEX& mutex = mutex_of(header);
  mutex.OwnerThread = ke_thread(thread);
  InsertTailList(&thread.owned_mutexes, &mutex.MutantListEntry);
  ++thread.critical_regions;
}

void check_no_mutex_owned(const Thread& thread) {
  DispatcherLock lock;
  if (IsListEmpty(&thread.owned_mutexes)) return;
  const auto* mutex = CONTAINING_RECORD(thread.owned_mutexes.Flink, KMUTEX, MutantListEntry);
  bug_check({kThreadTerminateHeldMutex, {parameter(&thread), parameter(mutex), 0, 0}},
            "the thread ended while it owned the mutex %p; call KeReleaseMutex first",
            static_cast<const void*>(mutex));
}

}  // namespace wskrun::nt

using namespace wskrun::nt;

extern "C" {

VOID KeInitializeMutex(PRKMUTEX Mutex, ULONG Level) {
  (void)Level;  // Reserved.
  initialize_header(Mutex->Header, kMutantObject, sizeof *Mutex, 1);
  InitializeListHead(&Mutex->MutantListEntry);
  Mutex->OwnerThread = nullptr;
  Mutex->Abandoned = FALSE;
  Mutex->ApcDisable = 1;
}

LONG KeReleaseMutex(PRKMUTEX Mutex, BOOLEAN Wait) {
  require_irql_at_most(Wait ? APC_LEVEL : DISPATCH_LEVEL, __func__);
  Thread& self = current_thread();
  DispatcherLock lock;
  check_header(Mutex->Header, __func__);
  if (!owns_mutex(Mutex->Header, self)) {
    bug_check({THREAD_NOT_MUTEX_OWNER, {parameter(Mutex), parameter(&self), 0, 0}},
              "KeReleaseMutex(%p): the calling thread does not own it", static_cast<void*>(Mutex));
  }
  const LONG previous = Mutex->Header.SignalState++;
  if (previous != 0) return previous;  // Taken more than once: still owned.
  Mutex->OwnerThread = nullptr;
  RemoveEntryList(&Mutex->MutantListEntry);
  --self.critical_regions;
  wake_waiters(lock, Mutex->Header);
  return previous;
}

LONG KeReadStateMutex(PRKMUTEX Mutex) {
  DispatcherLock lock;
  check_header(Mutex->Header, __func__);
  return Mutex->Header.SignalState;
}

}  // extern "C"
