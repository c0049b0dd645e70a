// MDLs: descriptions of buffers. Here every buffer is ordinary memory of the process, mapped where
// it is, so mapping gives back the address itself and locking only looks whether memory is there.
// There are no page frame numbers: the array behind an MDL has its size and is all zero.
#include <wdm.h>

#include <cstring>

#include "nt/block.h"
#include "nt/irql.h"
#include "nt/ke_bugcheck.h"
#include "nt/mm_probe.h"
#include "probe/mistake.h"

using namespace wskrun;
using namespace wskrun::nt;

namespace {

constexpr ULONG kTargetMdlTooSmall = 0x40;

constexpr CSHORT kDescribesMemory =
    MDL_PAGES_LOCKED | MDL_SOURCE_IS_NONPAGED_POOL | MDL_PARTIAL | MDL_IO_SPACE;

char* address_of(const MDL& mdl) {
  return static_cast<char*>(mdl.StartVa) + mdl.ByteOffset;
}

std::size_t pages_of(const void* address, std::size_t size_bytes) {
  const std::size_t offset = reinterpret_cast<ULONG_PTR>(address) & (PAGE_SIZE - 1);
  return (offset + size_bytes + PAGE_SIZE - 1) / PAGE_SIZE;
}

std::size_t mdl_size(const void* address, std::size_t size_bytes) {
  return sizeof(MDL) + pages_of(address, size_bytes) * sizeof(PFN_NUMBER);
}

void append(PMDL* chain, PMDL mdl) {
  while (*chain != nullptr) chain = &(*chain)->Next;
  *chain = mdl;
}

// The exception that Windows raises where the driver's handler may catch it. There is no handler
// in a native driver, so it ends here, as an unhandled one does on Windows.
[[noreturn]] void raise_access_violation(const MDL& mdl, Access access, const void* caller) {
  bug_check({KMODE_EXCEPTION_NOT_HANDLED,
             {static_cast<ULONG>(STATUS_ACCESS_VIOLATION), parameter(caller),
              access == Access::kWrite ? 1u : 0u, parameter(address_of(mdl))}},
            "MmProbeAndLockPages: the %u bytes at %p cannot all be %s; on Windows this raises "
            "STATUS_ACCESS_VIOLATION, which a native driver cannot catch",
            mdl.ByteCount, static_cast<void*>(address_of(mdl)),
            access == Access::kWrite ? "written" : "read");
}

}  // namespace

extern "C" {

SIZE_T MmSizeOfMdl(PVOID Base, SIZE_T Length) {
  return mdl_size(Base, Length);
}

PMDL IoAllocateMdl(PVOID VirtualAddress, ULONG Length, BOOLEAN SecondaryBuffer, BOOLEAN ChargeQuota,
                   PIRP Irp) {
  (void)ChargeQuota;  // There are no quotas here.
  auto* mdl = static_cast<PMDL>(allocate_block({.holding = Holding::kMdl,
                                                .size_bytes = mdl_size(VirtualAddress, Length),
                                                .tag = 0,
                                                .allocated_by = __builtin_return_address(0),
                                                .zeroed = true}));
  if (mdl == nullptr) return nullptr;
  MmInitializeMdl(mdl, VirtualAddress, Length);
  mdl->MdlFlags |= MDL_ALLOCATED_FIXED_SIZE;
  if (Irp == nullptr) return mdl;
  if (SecondaryBuffer) {
    append(&Irp->MdlAddress, mdl);
  } else {
    Irp->MdlAddress = mdl;
  }
  return mdl;
}

// Only this MDL, never its chain.
void IoFreeMdl(PMDL Mdl) {
  require_block(Mdl, Holding::kMdl, "IoFreeMdl");
  if ((Mdl->MdlFlags & MDL_PAGES_LOCKED) != 0) {
    probe::mistake(Mdl, "IoFreeMdl(%p) while its pages are locked: call MmUnlockPages first",
                   static_cast<void*>(Mdl));
  }
  free_block(Mdl);
}

void MmBuildMdlForNonPagedPool(PMDL MemoryDescriptorList) {
  MDL& mdl = *MemoryDescriptorList;
  if ((mdl.MdlFlags & (MDL_PAGES_LOCKED | MDL_PARTIAL)) != 0) {
    probe::mistake(&mdl,
                   "MmBuildMdlForNonPagedPool(%p): this MDL describes %s already; prepare it "
                   "with MmInitializeMdl first",
                   static_cast<void*>(&mdl),
                   (mdl.MdlFlags & MDL_PARTIAL) != 0 ? "a part of another" : "locked pages");
  }
  mdl.Process = nullptr;
  mdl.MappedSystemVa = address_of(mdl);
  mdl.MdlFlags |= MDL_SOURCE_IS_NONPAGED_POOL;
}

void IoBuildPartialMdl(PMDL SourceMdl, PMDL TargetMdl, PVOID VirtualAddress, ULONG Length) {
  const MDL& source = *SourceMdl;
  MDL& target = *TargetMdl;
  // Addresses before the source's wrap around to offsets far behind its end.
  const ULONG_PTR offset =
      reinterpret_cast<ULONG_PTR>(VirtualAddress) - reinterpret_cast<ULONG_PTR>(address_of(source));
  const bool inside = offset <= source.ByteCount && Length <= source.ByteCount - offset;
  const ULONG length =
      Length != 0 || !inside ? Length : source.ByteCount - static_cast<ULONG>(offset);
  const auto size = static_cast<CSHORT>(mdl_size(VirtualAddress, length));
  if (!inside || target.Size < size) {
    bug_check({kTargetMdlTooSmall,
               {parameter(&source), parameter(&target), parameter(VirtualAddress), Length}},
              "IoBuildPartialMdl: the %u bytes at %p %s", length, VirtualAddress,
              inside ? "need a larger target MDL" : "do not lie inside the source MDL");
  }
  if ((source.MdlFlags & kDescribesMemory) == 0) {
    probe::mistake(&source,
                   "IoBuildPartialMdl: the source MDL %p describes no memory yet; call "
                   "MmProbeAndLockPages or MmBuildMdlForNonPagedPool for it first",
                   static_cast<const void*>(&source));
  }
  target.Process = source.Process;
  target.StartVa = PAGE_ALIGN(VirtualAddress);
  target.ByteOffset = BYTE_OFFSET(VirtualAddress);
  target.ByteCount = length;
  target.MappedSystemVa = VirtualAddress;
  target.MdlFlags = static_cast<CSHORT>(
      (target.MdlFlags & MDL_ALLOCATED_FIXED_SIZE) | MDL_PARTIAL |
      (source.MdlFlags & (MDL_SOURCE_IS_NONPAGED_POOL | MDL_MAPPED_TO_SYSTEM_VA)));
}

void MmProbeAndLockPages(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode,
                         LOCK_OPERATION Operation) {
  (void)AccessMode;  // There is one address space, and all of it is the driver's.
  MDL& mdl = *MemoryDescriptorList;
  require_irql_at_most(DISPATCH_LEVEL, "MmProbeAndLockPages");
  if ((mdl.MdlFlags & kDescribesMemory) != 0) {
    probe::mistake(&mdl,
                   "MmProbeAndLockPages(%p): this MDL is locked already, or describes "
                   "nonpaged pool, which is never locked",
                   static_cast<void*>(&mdl));
  }
  const Access access = Operation == IoReadAccess ? Access::kRead : Access::kWrite;
  if (!memory_is_there(address_of(mdl), mdl.ByteCount, access)) {
    raise_access_violation(mdl, access, __builtin_return_address(0));
  }
  mdl.MdlFlags |= MDL_PAGES_LOCKED;
  if (access == Access::kWrite) mdl.MdlFlags |= MDL_WRITE_OPERATION;
}

void MmUnlockPages(PMDL MemoryDescriptorList) {
  MDL& mdl = *MemoryDescriptorList;
  if ((mdl.MdlFlags & MDL_PAGES_LOCKED) == 0) {
    probe::mistake(&mdl,
                   "MmUnlockPages(%p): its pages are not locked; unlock once what "
                   "MmProbeAndLockPages locked",
                   static_cast<void*>(&mdl));
    return;
  }
  if ((mdl.MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) != 0) {
    MmUnmapLockedPages(mdl.MappedSystemVa, &mdl);
  }
  mdl.MdlFlags &= static_cast<CSHORT>(~(MDL_PAGES_LOCKED | MDL_WRITE_OPERATION));
}

PVOID MmMapLockedPagesSpecifyCache(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode,
                                   MEMORY_CACHING_TYPE CacheType, PVOID RequestedAddress,
                                   ULONG BugCheckOnFailure, ULONG Priority) {
  (void)AccessMode;  // The one address space again; and nothing below can fail for want of room.
  (void)CacheType;
  (void)RequestedAddress;
  (void)BugCheckOnFailure;
  (void)Priority;
  MDL& mdl = *MemoryDescriptorList;
  if ((mdl.MdlFlags & kDescribesMemory) == 0) {
    probe::mistake(&mdl,
                   "MmMapLockedPagesSpecifyCache(%p): its pages are not locked; call "
                   "MmProbeAndLockPages or MmBuildMdlForNonPagedPool first",
                   static_cast<void*>(&mdl));
    return nullptr;
  }
  mdl.MappedSystemVa = address_of(mdl);
  mdl.MdlFlags |= MDL_MAPPED_TO_SYSTEM_VA;
  if ((mdl.MdlFlags & MDL_PARTIAL) != 0) mdl.MdlFlags |= MDL_PARTIAL_HAS_BEEN_MAPPED;
  return mdl.MappedSystemVa;
}

PVOID MmMapLockedPages(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode) {
  return MmMapLockedPagesSpecifyCache(MemoryDescriptorList, AccessMode, MmCached, nullptr, TRUE,
                                      HighPagePriority);
}

void MmUnmapLockedPages(PVOID BaseAddress, PMDL MemoryDescriptorList) {
  MDL& mdl = *MemoryDescriptorList;
  if ((mdl.MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) == 0 || BaseAddress != mdl.MappedSystemVa) {
    probe::mistake(&mdl, "MmUnmapLockedPages(%p, %p): the MDL is not mapped there", BaseAddress,
                   static_cast<void*>(&mdl));
    return;
  }
  mdl.MdlFlags &= static_cast<CSHORT>(~(MDL_MAPPED_TO_SYSTEM_VA | MDL_PARTIAL_HAS_BEEN_MAPPED));
}

}  // extern "C"
