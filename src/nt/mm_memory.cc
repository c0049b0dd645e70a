// Memory that is no pool and no MDL: probing, contiguous memory, paging of a driver's own code. All
// memory of the process is mapped, cached and never paged out, so most of this is little to do.
#include <wdm.h>

#include "nt/block.h"
#include "nt/irql.h"
#include "nt/ke_bugcheck.h"
#include "nt/mm_probe.h"

using namespace wskrun::nt;

namespace {

PVOID allocate_pages(SIZE_T size_bytes, ULONG tag, const void* caller) {
  return allocate_block({.holding = Holding::kPool,
                         .size_bytes = ROUND_TO_PAGES(size_bytes),
                         .tag = tag,
                         .allocated_by = caller,
                         .zeroed = false});
}

void free_pages(PVOID address, const char* function) {
  require_block(address, Holding::kPool, function);
  free_block(address);
}

void probe(const volatile VOID* address, SIZE_T size_bytes, ULONG alignment, Access access) {
  const auto start = reinterpret_cast<ULONG_PTR>(address);
  if (size_bytes == 0) return;
  if (alignment != 0 && (start & (alignment - 1)) != 0) ExRaiseDatatypeMisalignment();
  if (!memory_is_there(const_cast<const VOID*>(address), size_bytes, access)) {
    ExRaiseAccessViolation();
  }
}

}  // namespace

extern "C" {

BOOLEAN MmIsAddressValid(PVOID VirtualAddress) {
  return memory_is_there(VirtualAddress, 1, Access::kRead);
}

void ProbeForRead(const volatile VOID* Address, SIZE_T Length, ULONG Alignment) {
  probe(Address, Length, Alignment, Access::kRead);
}

void ProbeForWrite(volatile VOID* Address, SIZE_T Length, ULONG Alignment) {
  probe(Address, Length, Alignment, Access::kWrite);
}

PVOID MmAllocateContiguousMemory(SIZE_T NumberOfBytes, PHYSICAL_ADDRESS HighestAcceptableAddress) {
  (void)HighestAcceptableAddress;  // No device sees physical addresses here.
  require_irql_at_most(DISPATCH_LEVEL, "MmAllocateContiguousMemory");
  return allocate_pages(NumberOfBytes, 'tnoC', __builtin_return_address(0));
}

void MmFreeContiguousMemory(PVOID BaseAddress) {
  free_pages(BaseAddress, "MmFreeContiguousMemory");
}

PVOID MmAllocateNonCachedMemory(SIZE_T NumberOfBytes) {
  require_irql_at_most(DISPATCH_LEVEL, "MmAllocateNonCachedMemory");
  return allocate_pages(NumberOfBytes, 'ChcN', __builtin_return_address(0));
}

void MmFreeNonCachedMemory(PVOID BaseAddress, SIZE_T NumberOfBytes) {
  (void)NumberOfBytes;  // The block knows.
  free_pages(BaseAddress, "MmFreeNonCachedMemory");
}

NTSTATUS MmProtectMdlSystemAddress(PMDL MemoryDescriptorList, ULONG NewProtect) {
  (void)MemoryDescriptorList;  // The address is the buffer's own, whose protection must stay.
  (void)NewProtect;
  return STATUS_NOT_IMPLEMENTED;
}

// Code is never paged out; the handle only has to be one.
PVOID MmLockPagableDataSection(PVOID AddressWithinSection) {
  return AddressWithinSection;
}

void MmUnlockPagableImageSection(PVOID ImageSectionHandle) {
  (void)ImageSectionHandle;
}

// Driver Verifier does not run.
LOGICAL MmIsDriverVerifying(PDRIVER_OBJECT DriverObject) {
  (void)DriverObject;
  return FALSE;
}

LOGICAL MmIsDriverVerifyingByAddress(PVOID AddressWithinSection) {
  (void)AddressWithinSection;
  return FALSE;
}

NTSTATUS MmIsVerifierEnabled(PULONG VerifierFlags) {
  *VerifierFlags = 0;
  return STATUS_SUCCESS;
}

}  // extern "C"
