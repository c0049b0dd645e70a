/*
 * mm.h: memory descriptor lists and pages. Pool is in ex.h; IoAllocateMdl is in io.h.
 */
#pragma once

#include <wdm/ke.h>
#include <wdm/types.h>

EXTERN_C_START

/* Describes ByteCount bytes at StartVa + ByteOffset; page frame numbers follow the structure. */
typedef struct _MDL {
  struct _MDL* Next;
  CSHORT Size;
  CSHORT MdlFlags;
  struct _EPROCESS* Process;
  PVOID MappedSystemVa;
  PVOID StartVa;
  ULONG ByteCount;
  ULONG ByteOffset;
} MDL, *PMDL;
typedef PMDL PMDLX;

C_ASSERT(sizeof(MDL) == 0x30 && FIELD_OFFSET(MDL, Size) == 8 && FIELD_OFFSET(MDL, MdlFlags) == 0xA);
C_ASSERT(FIELD_OFFSET(MDL, MappedSystemVa) == 0x18 && FIELD_OFFSET(MDL, StartVa) == 0x20);
C_ASSERT(FIELD_OFFSET(MDL, ByteCount) == 0x28 && FIELD_OFFSET(MDL, ByteOffset) == 0x2C);

#define MDL_MAPPED_TO_SYSTEM_VA 0x0001
#define MDL_PAGES_LOCKED 0x0002
#define MDL_SOURCE_IS_NONPAGED_POOL 0x0004
#define MDL_ALLOCATED_FIXED_SIZE 0x0008
#define MDL_PARTIAL 0x0010
#define MDL_PARTIAL_HAS_BEEN_MAPPED 0x0020
#define MDL_IO_PAGE_READ 0x0040
#define MDL_WRITE_OPERATION 0x0080
#define MDL_LOCKED_PAGE_TABLES 0x0100
#define MDL_PARENT_MAPPED_SYSTEM_VA MDL_LOCKED_PAGE_TABLES
#define MDL_FREE_EXTRA_PTES 0x0200
#define MDL_DESCRIBES_AWE 0x0400
#define MDL_IO_SPACE 0x0800
#define MDL_NETWORK_HEADER 0x1000
#define MDL_MAPPING_CAN_FAIL 0x2000
#define MDL_PAGE_CONTENTS_INVARIANT 0x4000
#define MDL_ALLOCATED_MUST_SUCCEED MDL_PAGE_CONTENTS_INVARIANT
#define MDL_INTERNAL 0x8000

typedef enum _LOCK_OPERATION { IoReadAccess, IoWriteAccess, IoModifyAccess } LOCK_OPERATION;

typedef enum _MEMORY_CACHING_TYPE {
  MmNonCached = 0,
  MmCached = 1,
  MmWriteCombined = 2,
  MmHardwareCoherentCached,
  MmNonCachedUnordered,
  MmUSWCCached,
  MmMaximumCacheType,
  MmNotMapped = -1
} MEMORY_CACHING_TYPE;

typedef enum _MM_PAGE_PRIORITY {
  LowPagePriority = 0,
  NormalPagePriority = 16,
  HighPagePriority = 32
} MM_PAGE_PRIORITY;

#define MdlMappingNoWrite 0x80000000
#define MdlMappingNoExecute 0x40000000

#define PAGE_NOACCESS 0x01
#define PAGE_READONLY 0x02
#define PAGE_READWRITE 0x04
#define PAGE_EXECUTE 0x10
#define PAGE_EXECUTE_READ 0x20
#define PAGE_EXECUTE_READWRITE 0x40
#define PAGE_GUARD 0x100

/* Page geometry. */
#define BYTES_TO_PAGES(Size) (((Size) >> PAGE_SHIFT) + (((Size) & (PAGE_SIZE - 1)) != 0))
#define BYTE_OFFSET(Va) ((ULONG)((LONG_PTR)(Va) & (PAGE_SIZE - 1)))
#define PAGE_ALIGN(Va) ((PVOID)((ULONG_PTR)(Va) & ~(ULONG_PTR)(PAGE_SIZE - 1)))
#define ROUND_TO_PAGES(Size) (((ULONG_PTR)(Size) + PAGE_SIZE - 1) & ~(ULONG_PTR)(PAGE_SIZE - 1))
#define ADDRESS_AND_SIZE_TO_SPAN_PAGES(Va, Size) \
  ((ULONG)((((ULONG_PTR)BYTE_OFFSET(Va) + (SIZE_T)(Size)) + (PAGE_SIZE - 1)) >> PAGE_SHIFT))
#define COMPUTE_PAGES_SPANNED(Va, Size) ADDRESS_AND_SIZE_TO_SPAN_PAGES(Va, Size)

/* The fields of an MDL by their official names. */
#define MmGetMdlByteCount(Mdl) ((Mdl)->ByteCount)
#define MmGetMdlByteOffset(Mdl) ((Mdl)->ByteOffset)
#define MmGetMdlVirtualAddress(Mdl) ((PVOID)((PCHAR)((Mdl)->StartVa) + (Mdl)->ByteOffset))
#define MmGetMdlBaseVa(Mdl) ((Mdl)->StartVa)
#define MmGetMdlPfnArray(Mdl) ((PPFN_NUMBER)((Mdl) + 1))

/*
 * MmInitializeMdl: prepare MmSizeOfMdl bytes of nonpaged memory as an MDL for Length bytes at
 * BaseVa. Locks and maps nothing.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/wdm/nf-wdm-mminitializemdl
 */
WDK_INLINE VOID MmInitializeMdl(_Out_ PMDL MemoryDescriptorList, _In_ PVOID BaseVa,
                                _In_ SIZE_T Length) {
  MemoryDescriptorList->Next = NULL;
  MemoryDescriptorList->Size =
      (CSHORT)(sizeof(MDL) + sizeof(PFN_NUMBER) * ADDRESS_AND_SIZE_TO_SPAN_PAGES(BaseVa, Length));
  MemoryDescriptorList->MdlFlags = 0;
  MemoryDescriptorList->StartVa = PAGE_ALIGN(BaseVa);
  MemoryDescriptorList->ByteOffset = BYTE_OFFSET(BaseVa);
  MemoryDescriptorList->ByteCount = (ULONG)Length;
}

/*
 * MmSizeOfMdl: how many bytes an MDL for this buffer takes, its page numbers included.
 *
 * IRQL     any
 * Page     ddi/wdm/nf-wdm-mmsizeofmdl
 */
NTKERNELAPI SIZE_T MmSizeOfMdl(_In_ PVOID Base, _In_ SIZE_T Length);

/*
 * MmBuildMdlForNonPagedPool: fill in an MDL whose buffer is nonpaged pool (or another resident
 * buffer of the driver). Sets MDL_SOURCE_IS_NONPAGED_POOL and MappedSystemVa; never unlock or unmap
 * it.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/wdm/nf-wdm-mmbuildmdlfornonpagedpool
 */
NTKERNELAPI VOID MmBuildMdlForNonPagedPool(_Inout_ PMDL MemoryDescriptorList);

/*
 * MmProbeAndLockPages: check that the buffer may be accessed and hold its pages until
 * MmUnlockPages. Sets MDL_PAGES_LOCKED. Call it in a __try on Windows: a bad buffer raises
 * STATUS_ACCESS_VIOLATION.
 *
 *   AccessMode  KernelMode, or UserMode for a buffer of a process.
 *   Operation   What the driver will do: IoReadAccess reads the buffer, IoWriteAccess writes it.
 *
 * IRQL     <= APC_LEVEL; for nonpaged memory <= DISPATCH_LEVEL
 * Page     ddi/wdm/nf-wdm-mmprobeandlockpages
 * Windows  A bad buffer ends the process with a report: nothing can be raised.
 */
NTKERNELAPI VOID MmProbeAndLockPages(_Inout_ PMDL MemoryDescriptorList,
                                     _In_ KPROCESSOR_MODE AccessMode,
                                     _In_ LOCK_OPERATION Operation);

/*
 * MmUnlockPages: let the pages go, and their mapping with them. Clears MDL_PAGES_LOCKED. Not for
 * MDLs of nonpaged pool.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/wdm/nf-wdm-mmunlockpages
 */
NTKERNELAPI VOID MmUnlockPages(_Inout_ PMDL MemoryDescriptorList);

/*
 * MmMapLockedPages: MmMapLockedPagesSpecifyCache of MmCached that cannot fail; obsolete.
 *
 * IRQL     <= DISPATCH_LEVEL; for UserMode <= APC_LEVEL
 * Returns  Address of the first described byte.
 * Page     ddi/wdm/nf-wdm-mmmaplockedpages
 */
NTKERNELAPI PVOID MmMapLockedPages(_Inout_ PMDL MemoryDescriptorList,
                                   _In_ KPROCESSOR_MODE AccessMode);

/*
 * MmMapLockedPagesSpecifyCache: give the described bytes an address. Pages are locked or of a
 * partial MDL. Sets MDL_MAPPED_TO_SYSTEM_VA. Drivers call MmGetSystemAddressForMdlSafe.
 *
 *   RequestedAddress   NULL for KernelMode.
 *   BugCheckOnFailure  FALSE.
 *   Priority           Of MM_PAGE_PRIORITY, with MdlMappingNoWrite, MdlMappingNoExecute.
 *
 * IRQL     <= DISPATCH_LEVEL; for UserMode <= APC_LEVEL
 * Returns  Address of the first described byte, or NULL.
 * Page     ddi/wdm/nf-wdm-mmmaplockedpagesspecifycache
 */
NTKERNELAPI PVOID MmMapLockedPagesSpecifyCache(_Inout_ PMDL MemoryDescriptorList,
                                               _In_ KPROCESSOR_MODE AccessMode,
                                               _In_ MEMORY_CACHING_TYPE CacheType,
                                               _In_opt_ PVOID RequestedAddress,
                                               _In_ ULONG BugCheckOnFailure, _In_ ULONG Priority);

/*
 * MmUnmapLockedPages: take back what mapping gave.
 *
 *   BaseAddress  The address it returned.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/wdm/nf-wdm-mmunmaplockedpages
 */
NTKERNELAPI VOID MmUnmapLockedPages(_In_ PVOID BaseAddress, _Inout_ PMDL MemoryDescriptorList);

/*
 * MmProtectMdlSystemAddress: change the protection of a mapped MDL's pages.
 *
 *   NewProtect  PAGE_READONLY, PAGE_READWRITE, ...
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_NOT_MAPPED_VIEW, STATUS_INVALID_PAGE_PROTECTION.
 * Page     ddi/wdm/nf-wdm-mmprotectmdlsystemaddress
 */
NTKERNELAPI NTSTATUS MmProtectMdlSystemAddress(_In_ PMDL MemoryDescriptorList,
                                               _In_ ULONG NewProtect);

/*
 * MmGetSystemAddressForMdlSafe: the address of the described bytes, mapping them when they have
 * none.
 *
 *   Priority  NormalPagePriority | MdlMappingNoExecute, usually.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  The address, or NULL: cannot be mapped now.
 * Page     ddi/wdm/nf-wdm-mmgetsystemaddressformdlsafe
 */
WDK_INLINE PVOID MmGetSystemAddressForMdlSafe(_Inout_ PMDL Mdl, _In_ ULONG Priority) {
  if ((Mdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL)) != 0) {
    return Mdl->MappedSystemVa;
  }
  return MmMapLockedPagesSpecifyCache(Mdl, KernelMode, MmCached, NULL, FALSE, Priority);
}

#define MmGetSystemAddressForMdl(Mdl) MmGetSystemAddressForMdlSafe(Mdl, HighPagePriority)

/*
 * MmPrepareMdlForReuse: unmap a partial MDL that was mapped, before IoBuildPartialMdl fills it
 * again.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/wdm/nf-wdm-mmpreparemdlforreuse
 */
WDK_INLINE VOID MmPrepareMdlForReuse(_Inout_ PMDL Mdl) {
  if ((Mdl->MdlFlags & MDL_PARTIAL_HAS_BEEN_MAPPED) != 0) {
    MmUnmapLockedPages(Mdl->MappedSystemVa, Mdl);
  }
}

/*
 * MmIsAddressValid: whether reading this byte would fault. Says nothing about the next moment.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/ntddk/nf-ntddk-mmisaddressvalid
 */
NTKERNELAPI BOOLEAN MmIsAddressValid(_In_ PVOID VirtualAddress);

/*
 * MmGetSystemRoutineAddress: find a function of the kernel by name.
 *
 * IRQL     PASSIVE_LEVEL
 * Returns  Its address, or NULL.
 * Page     ddi/wdm/nf-wdm-mmgetsystemroutineaddress
 */
NTKERNELAPI PVOID MmGetSystemRoutineAddress(_In_ PUNICODE_STRING SystemRoutineName);

/*
 * MmAllocateContiguousMemory: allocate memory without gaps between its pages;
 * MmFreeContiguousMemory frees it.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  The memory, or NULL.
 * Page     ddi/wdm/nf-wdm-mmallocatecontiguousmemory
 */
NTKERNELAPI PVOID MmAllocateContiguousMemory(_In_ SIZE_T NumberOfBytes,
                                             _In_ PHYSICAL_ADDRESS HighestAcceptableAddress);
NTKERNELAPI VOID MmFreeContiguousMemory(_In_ PVOID BaseAddress);

/*
 * MmAllocateNonCachedMemory: allocate uncached pages; MmFreeNonCachedMemory frees them.
 *
 * IRQL     <= APC_LEVEL
 * Returns  The memory, or NULL.
 * Page     ddi/ntddk/nf-ntddk-mmallocatenoncachedmemory
 */
NTKERNELAPI PVOID MmAllocateNonCachedMemory(_In_ SIZE_T NumberOfBytes);
NTKERNELAPI VOID MmFreeNonCachedMemory(_In_ PVOID BaseAddress, _In_ SIZE_T NumberOfBytes);

/*
 * MmIsDriverVerifying: whether this driver (or the one at that address) is being verified.
 *
 * IRQL     <= APC_LEVEL
 * Page     ddi/wdm/nf-wdm-mmisdriververifying
 */
NTKERNELAPI LOGICAL MmIsDriverVerifying(_In_ struct _DRIVER_OBJECT* DriverObject);
NTKERNELAPI LOGICAL MmIsDriverVerifyingByAddress(_In_ PVOID AddressWithinSection);

/*
 * MmIsVerifierEnabled: whether anything is being verified.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  STATUS_SUCCESS, with VerifierFlags set; STATUS_NOT_SUPPORTED: nothing is.
 */
NTKERNELAPI NTSTATUS MmIsVerifierEnabled(_Out_ PULONG VerifierFlags);

/*
 * MmLockPagableDataSection: keep a pageable section of the driver in memory.
 *
 * IRQL     <= APC_LEVEL
 * Returns  A handle for MmUnlockPagableImageSection.
 * Page     ddi/wdm/nf-wdm-mmlockpagabledatasection
 * Windows  Nothing of a driver is paged.
 */
NTKERNELAPI PVOID MmLockPagableDataSection(_In_ PVOID AddressWithinSection);
NTKERNELAPI VOID MmUnlockPagableImageSection(_In_ PVOID ImageSectionHandle);

/*
 * ProbeForRead: raise an exception unless a user buffer lies in user memory and is aligned. No
 * promise that it stays readable.
 *
 * IRQL     <= APC_LEVEL
 * Page     ddi/wdm/nf-wdm-probeforread
 */
NTKERNELAPI VOID ProbeForRead(_In_ const volatile VOID* Address, _In_ SIZE_T Length,
                              _In_ ULONG Alignment);
NTKERNELAPI VOID ProbeForWrite(_Inout_ volatile VOID* Address, _In_ SIZE_T Length,
                               _In_ ULONG Alignment);

#define MmLockPagableCodeSection(Address) MmLockPagableDataSection(Address)

EXTERN_C_END
