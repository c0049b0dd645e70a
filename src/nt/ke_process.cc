// Running elsewhere: in another process' address space, of which there is one, and on a larger
// stack, which every thread has.
#include <wdm.h>

#include "nt/irql.h"
#include "nt/ke_bugcheck.h"
#include "nt/upcall.h"

using namespace wskrun::nt;

extern "C" {

VOID KeStackAttachProcess(PRKPROCESS PROCESS, PRKAPC_STATE ApcState) {
  require_irql_at_most(APC_LEVEL, __func__);
  if (PROCESS != reinterpret_cast<PRKPROCESS>(PsInitialSystemProcess)) {
    bug_check({INVALID_PROCESS_ATTACH_ATTEMPT,
               {parameter(PROCESS), parameter(PsInitialSystemProcess), 0, 0}},
              "KeStackAttachProcess(%p): there is no such process", static_cast<void*>(PROCESS));
  }
  *ApcState = {};
  InitializeListHead(&ApcState->ApcListHead[0]);
  InitializeListHead(&ApcState->ApcListHead[1]);
  ApcState->Process = PROCESS;
}

VOID KeUnstackDetachProcess(PRKAPC_STATE ApcState) {
  require_irql_at_most(APC_LEVEL, __func__);
  if (ApcState->Process != reinterpret_cast<PRKPROCESS>(PsInitialSystemProcess)) {
    bug_check({INVALID_PROCESS_DETACH_ATTEMPT, {0, 0, 0, 0}},
              "KeUnstackDetachProcess(%p) without the KeStackAttachProcess that fills it",
              static_cast<void*>(ApcState));
  }
  ApcState->Process = nullptr;
}

NTSTATUS KeExpandKernelStackAndCallout(PEXPAND_STACK_CALLOUT Callout, PVOID Parameter,
                                       SIZE_T Size) {
  require_irql_at_most(APC_LEVEL, __func__);
  return KeExpandKernelStackAndCalloutEx(Callout, Parameter, Size, TRUE, nullptr);
}

NTSTATUS KeExpandKernelStackAndCalloutEx(PEXPAND_STACK_CALLOUT Callout, PVOID Parameter,
                                         SIZE_T Size, BOOLEAN Wait, PVOID Context) {
  (void)Wait;     // Whether to wait for memory that is not needed.
  (void)Context;  // Reserved.
  require_irql_at_most(DISPATCH_LEVEL, __func__);
  if (Size > MAXIMUM_EXPANSION_SIZE) return STATUS_INVALID_PARAMETER_3;
  upcall("ExpandedStackCall", Callout, Parameter);
  return STATUS_SUCCESS;
}

}  // extern "C"
