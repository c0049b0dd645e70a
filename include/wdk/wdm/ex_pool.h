/*
 * ex_pool.h: pool and the lookaside lists in front of it.
 */
#pragma once

#include <wdm/ke.h>

EXTERN_C_START

/* Pool. */
typedef enum _POOL_TYPE {
  NonPagedPool,
  NonPagedPoolExecute = NonPagedPool,
  PagedPool,
  NonPagedPoolMustSucceed,
  DontUseThisType,
  NonPagedPoolCacheAligned,
  PagedPoolCacheAligned,
  NonPagedPoolCacheAlignedMustS,
  MaxPoolType,
  NonPagedPoolBase = 0,
  NonPagedPoolBaseMustSucceed = 2,
  NonPagedPoolBaseCacheAligned = 4,
  NonPagedPoolBaseCacheAlignedMustS = 6,
  NonPagedPoolSession = 32,
  PagedPoolSession = 33,
  NonPagedPoolNx = 512,
  NonPagedPoolNxCacheAligned = 516,
  NonPagedPoolSessionNx = 544
} POOL_TYPE;

#define POOL_NX_ALLOCATION 512
#define POOL_RAISE_IF_ALLOCATION_FAILURE 16
#define POOL_QUOTA_FAIL_INSTEAD_OF_RAISE 8
#define POOL_COLD_ALLOCATION 256
#define POOL_ZERO_ALLOCATION 1024
#define POOL_NX_OPTIN_AUTO 1

typedef ULONG64 POOL_FLAGS;
#define POOL_FLAG_REQUIRED_START 0x0000000000000001ULL
#define POOL_FLAG_USE_QUOTA 0x0000000000000001ULL
#define POOL_FLAG_UNINITIALIZED 0x0000000000000002ULL
#define POOL_FLAG_SESSION 0x0000000000000004ULL
#define POOL_FLAG_CACHE_ALIGNED 0x0000000000000008ULL
#define POOL_FLAG_RESERVED1 0x0000000000000010ULL
#define POOL_FLAG_RAISE_ON_FAILURE 0x0000000000000020ULL
#define POOL_FLAG_NON_PAGED 0x0000000000000040ULL
#define POOL_FLAG_NON_PAGED_EXECUTE 0x0000000000000080ULL
#define POOL_FLAG_PAGED 0x0000000000000100ULL
#define POOL_FLAG_REQUIRED_END 0x0000000080000000ULL
#define POOL_FLAG_OPTIONAL_START 0x0000000100000000ULL
#define POOL_FLAG_SPECIAL_POOL 0x0000000100000000ULL
#define POOL_FLAG_OPTIONAL_END 0x8000000000000000ULL

typedef enum _EX_POOL_PRIORITY {
  LowPoolPriority,
  LowPoolPrioritySpecialPoolOverrun = 8,
  LowPoolPrioritySpecialPoolUnderrun = 9,
  NormalPoolPriority = 16,
  NormalPoolPrioritySpecialPoolOverrun = 24,
  NormalPoolPrioritySpecialPoolUnderrun = 25,
  HighPoolPriority = 32,
  HighPoolPrioritySpecialPoolOverrun = 40,
  HighPoolPrioritySpecialPoolUnderrun = 41
} EX_POOL_PRIORITY;

typedef struct _POOL_EXTENDED_PARAMETER* PPOOL_EXTENDED_PARAMETER;
typedef const struct _POOL_EXTENDED_PARAMETER* PCPOOL_EXTENDED_PARAMETER;

#define DrvRtPoolNxOptIn 0x00000001

NTKERNELAPI PVOID ExAllocatePool(_In_ POOL_TYPE PoolType, _In_ SIZE_T NumberOfBytes);

/*
 * ExAllocatePoolWithTag: allocate pool that is not zeroed. Deprecated on Windows; new code uses
 * ExAllocatePool2.
 *
 * IRQL     as ExAllocatePool2
 * Returns  as ExAllocatePool2. ExAllocatePoolWithQuotaTag raises STATUS_INSUFFICIENT_RESOURCES
 *          instead of returning NULL, unless PoolType holds POOL_QUOTA_FAIL_INSTEAD_OF_RAISE.
 * Page     ddi/wdm/nf-wdm-exallocatepoolwithtag
 */
NTKERNELAPI PVOID ExAllocatePoolWithTag(_In_ POOL_TYPE PoolType, _In_ SIZE_T NumberOfBytes,
                                        _In_ ULONG Tag);
NTKERNELAPI PVOID ExAllocatePoolWithQuotaTag(_In_ POOL_TYPE PoolType, _In_ SIZE_T NumberOfBytes,
                                             _In_ ULONG Tag);
NTKERNELAPI PVOID ExAllocatePoolWithTagPriority(_In_ POOL_TYPE PoolType, _In_ SIZE_T NumberOfBytes,
                                                _In_ ULONG Tag, _In_ EX_POOL_PRIORITY Priority);

/*
 * ExAllocatePool2: allocate zeroed pool.
 *
 *   Flags          POOL_FLAG_NON_PAGED or POOL_FLAG_PAGED, and what else is wanted:
 *                  POOL_FLAG_UNINITIALIZED leaves the memory as it is, POOL_FLAG_RAISE_ON_FAILURE
 *                  raises instead of returning NULL.
 *   NumberOfBytes  At least 1.
 *   Tag            Up to four characters, as 'gaTx'; not 0.
 *
 * IRQL     <= DISPATCH_LEVEL; for paged pool <= APC_LEVEL
 * Returns  16-byte aligned memory, page aligned from PAGE_SIZE on. NULL: none left, or bad Flags.
 * Page     ddi/wdm/nf-wdm-exallocatepool2
 */
NTKERNELAPI PVOID ExAllocatePool2(_In_ POOL_FLAGS Flags, _In_ SIZE_T NumberOfBytes, _In_ ULONG Tag);

/*
 * ExAllocatePool3: ExAllocatePool2 with extended parameters.
 *
 * IRQL     as ExAllocatePool2
 * Returns  as ExAllocatePool2
 * Page     ddi/wdm/nf-wdm-exallocatepool3
 */
NTKERNELAPI PVOID ExAllocatePool3(_In_ POOL_FLAGS Flags, _In_ SIZE_T NumberOfBytes, _In_ ULONG Tag,
                                  _In_opt_ PCPOOL_EXTENDED_PARAMETER ExtendedParameters,
                                  _In_ ULONG ExtendedParametersCount);

/*
 * ExFreePool: free pool. The memory must be the start of an allocation.
 *
 * IRQL     <= DISPATCH_LEVEL; for paged pool <= APC_LEVEL
 * Page     ddi/wdm/nf-wdm-exfreepool
 */
NTKERNELAPI VOID ExFreePool(_In_ PVOID P);

/*
 * ExFreePoolWithTag: free pool and check its tag; another tag stops the system with
 * BAD_POOL_CALLER. 0 checks nothing.
 *
 * IRQL     as ExFreePool
 * Page     ddi/wdm/nf-wdm-exfreepoolwithtag
 */
NTKERNELAPI VOID ExFreePoolWithTag(_In_ PVOID P, _In_ ULONG Tag);

/*
 * ExFreePool2: ExFreePoolWithTag with extended parameters.
 *
 * IRQL     as ExFreePool
 * Page     ddi/wdm/nf-wdm-exfreepool2
 */
NTKERNELAPI VOID ExFreePool2(_In_ PVOID P, _In_ ULONG Tag,
                             _In_opt_ PCPOOL_EXTENDED_PARAMETER ExtendedParameters,
                             _In_ ULONG ExtendedParametersCount);

/*
 * ExAllocatePoolZero: ExAllocatePool2's zeroed memory for drivers that also run on older systems;
 * the Uninitialized forms below leave it as it is, the Quota forms charge the process, the Priority
 * forms may fail earlier.
 *
 * IRQL     as ExAllocatePool2
 * Returns  The memory; NULL: none left (the Quota forms raise).
 * Page     ddi/wdm/nf-wdm-exallocatepoolzero
 */
WDK_INLINE PVOID ExAllocatePoolZero(_In_ POOL_TYPE PoolType, _In_ SIZE_T NumberOfBytes,
                                    _In_ ULONG Tag) {
  return ExAllocatePoolWithTag((POOL_TYPE)(PoolType | POOL_ZERO_ALLOCATION), NumberOfBytes, Tag);
}

WDK_INLINE PVOID ExAllocatePoolUninitialized(_In_ POOL_TYPE PoolType, _In_ SIZE_T NumberOfBytes,
                                             _In_ ULONG Tag) {
  return ExAllocatePoolWithTag(PoolType, NumberOfBytes, Tag);
}

WDK_INLINE PVOID ExAllocatePoolQuotaZero(_In_ POOL_TYPE PoolType, _In_ SIZE_T NumberOfBytes,
                                         _In_ ULONG Tag) {
  return ExAllocatePoolWithQuotaTag((POOL_TYPE)(PoolType | POOL_ZERO_ALLOCATION), NumberOfBytes,
                                    Tag);
}

WDK_INLINE PVOID ExAllocatePoolQuotaUninitialized(_In_ POOL_TYPE PoolType,
                                                  _In_ SIZE_T NumberOfBytes, _In_ ULONG Tag) {
  return ExAllocatePoolWithQuotaTag(PoolType, NumberOfBytes, Tag);
}

WDK_INLINE PVOID ExAllocatePoolPriorityZero(_In_ POOL_TYPE PoolType, _In_ SIZE_T NumberOfBytes,
                                            _In_ ULONG Tag, _In_ EX_POOL_PRIORITY Priority) {
  return ExAllocatePoolWithTagPriority((POOL_TYPE)(PoolType | POOL_ZERO_ALLOCATION), NumberOfBytes,
                                       Tag, Priority);
}

WDK_INLINE PVOID ExAllocatePoolPriorityUninitialized(_In_ POOL_TYPE PoolType,
                                                     _In_ SIZE_T NumberOfBytes, _In_ ULONG Tag,
                                                     _In_ EX_POOL_PRIORITY Priority) {
  return ExAllocatePoolWithTagPriority(PoolType, NumberOfBytes, Tag, Priority);
}

/*
 * ExInitializeDriverRuntime: say that NonPagedPool of this driver need not be executable.
 *
 *   RuntimeFlags  DrvRtPoolNxOptIn.
 *
 * IRQL     PASSIVE_LEVEL
 * Page     ddi/wdm/nf-wdm-exinitializedriverruntime
 * Windows  Pool is never executable here, so the wish is always met.
 */
WDK_INLINE VOID ExInitializeDriverRuntime(_In_ ULONG RuntimeFlags) {
  (void)RuntimeFlags;
}

/* Lookaside lists. */
struct _LOOKASIDE_LIST_EX;

/*
 * ALLOCATE_FUNCTION: a driver's allocator behind a lookaside list; the Ex form also gets the list.
 * Called when the list is empty.
 *
 * IRQL     that of the call
 * Returns  The memory, or NULL.
 * Page     ddi/wdm/nf-wdm-exinitializenpagedlookasidelist
 */
typedef PVOID NTAPI ALLOCATE_FUNCTION(_In_ POOL_TYPE PoolType, _In_ SIZE_T NumberOfBytes,
                                      _In_ ULONG Tag);
typedef ALLOCATE_FUNCTION* PALLOCATE_FUNCTION;
typedef VOID NTAPI FREE_FUNCTION(_In_ PVOID Buffer);
typedef FREE_FUNCTION* PFREE_FUNCTION;
typedef PVOID NTAPI ALLOCATE_FUNCTION_EX(_In_ POOL_TYPE PoolType, _In_ SIZE_T NumberOfBytes,
                                         _In_ ULONG Tag,
                                         _Inout_ struct _LOOKASIDE_LIST_EX* Lookaside);
typedef ALLOCATE_FUNCTION_EX* PALLOCATE_FUNCTION_EX;
typedef VOID NTAPI FREE_FUNCTION_EX(_In_ PVOID Buffer,
                                    _Inout_ struct _LOOKASIDE_LIST_EX* Lookaside);
typedef FREE_FUNCTION_EX* PFREE_FUNCTION_EX;

#define WDK_GENERAL_LOOKASIDE_LAYOUT  \
  union {                             \
    SLIST_HEADER ListHead;            \
    SINGLE_LIST_ENTRY SingleListHead; \
  };                                  \
  USHORT Depth;                       \
  USHORT MaximumDepth;                \
  ULONG TotalAllocates;               \
  union {                             \
    ULONG AllocateMisses;             \
    ULONG AllocateHits;               \
  };                                  \
  ULONG TotalFrees;                   \
  union {                             \
    ULONG FreeMisses;                 \
    ULONG FreeHits;                   \
  };                                  \
  POOL_TYPE Type;                     \
  ULONG Tag;                          \
  ULONG Size;                         \
  union {                             \
    PALLOCATE_FUNCTION_EX AllocateEx; \
    PALLOCATE_FUNCTION Allocate;      \
  };                                  \
  union {                             \
    PFREE_FUNCTION_EX FreeEx;         \
    PFREE_FUNCTION Free;              \
  };                                  \
  LIST_ENTRY ListEntry;               \
  ULONG LastTotalAllocates;           \
  union {                             \
    ULONG LastAllocateMisses;         \
    ULONG LastAllocateHits;           \
  };                                  \
  ULONG Future[2]

typedef struct DECLSPEC_CACHEALIGN _GENERAL_LOOKASIDE {
  WDK_GENERAL_LOOKASIDE_LAYOUT;
} GENERAL_LOOKASIDE, *PGENERAL_LOOKASIDE;

typedef struct _GENERAL_LOOKASIDE_POOL {
  WDK_GENERAL_LOOKASIDE_LAYOUT;
} GENERAL_LOOKASIDE_POOL, *PGENERAL_LOOKASIDE_POOL;

typedef struct _NPAGED_LOOKASIDE_LIST {
  GENERAL_LOOKASIDE L;
} NPAGED_LOOKASIDE_LIST, *PNPAGED_LOOKASIDE_LIST;

typedef struct _PAGED_LOOKASIDE_LIST {
  GENERAL_LOOKASIDE L;
} PAGED_LOOKASIDE_LIST, *PPAGED_LOOKASIDE_LIST;

typedef struct _LOOKASIDE_LIST_EX {
  GENERAL_LOOKASIDE_POOL L;
} LOOKASIDE_LIST_EX, *PLOOKASIDE_LIST_EX;

C_ASSERT(sizeof(NPAGED_LOOKASIDE_LIST) == 0x80 && sizeof(LOOKASIDE_LIST_EX) == 0x60);
C_ASSERT(FIELD_OFFSET(GENERAL_LOOKASIDE, Depth) == 0x10);
C_ASSERT(FIELD_OFFSET(GENERAL_LOOKASIDE, FreeMisses) == 0x20);
C_ASSERT(FIELD_OFFSET(GENERAL_LOOKASIDE, Tag) == 0x28);
C_ASSERT(FIELD_OFFSET(GENERAL_LOOKASIDE, Allocate) == 0x30);

#define EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL 0x00000001
#define EX_LOOKASIDE_LIST_EX_FLAGS_FAIL_NO_RAISE 0x00000002
#define EX_MAXIMUM_LOOKASIDE_DEPTH_BASE 256
#define EX_MAXIMUM_LOOKASIDE_DEPTH_LIMIT 1024
#define LOOKASIDE_ALIGN DECLSPEC_CACHEALIGN

/*
 * ExInitializeNPagedLookasideList: prepare a list of free blocks of one size in nonpaged pool.
 *
 *   Lookaside  16-byte aligned nonpaged memory.
 *   Allocate   The driver's own functions, or both NULL for pool.
 *   Flags      0, POOL_NX_ALLOCATION or POOL_RAISE_IF_ALLOCATION_FAILURE.
 *   Size       Of a block, at least that of SLIST_ENTRY: free blocks hold one.
 *   Depth      Reserved; 0.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/wdm/nf-wdm-exinitializenpagedlookasidelist
 */
NTKERNELAPI VOID ExInitializeNPagedLookasideList(_Out_ PNPAGED_LOOKASIDE_LIST Lookaside,
                                                 _In_opt_ PALLOCATE_FUNCTION Allocate,
                                                 _In_opt_ PFREE_FUNCTION Free, _In_ ULONG Flags,
                                                 _In_ SIZE_T Size, _In_ ULONG Tag,
                                                 _In_ USHORT Depth);

/*
 * ExDeleteNPagedLookasideList: free the blocks in the list. Every block in use was given back
 * before.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/wdm/nf-wdm-exdeletenpagedlookasidelist
 */
NTKERNELAPI VOID ExDeleteNPagedLookasideList(_Inout_ PNPAGED_LOOKASIDE_LIST Lookaside);

/*
 * ExInitializePagedLookasideList: the same for paged pool.
 *
 * IRQL     <= APC_LEVEL
 * Page     ddi/wdm/nf-wdm-exinitializepagedlookasidelist
 */
NTKERNELAPI VOID ExInitializePagedLookasideList(_Out_ PPAGED_LOOKASIDE_LIST Lookaside,
                                                _In_opt_ PALLOCATE_FUNCTION Allocate,
                                                _In_opt_ PFREE_FUNCTION Free, _In_ ULONG Flags,
                                                _In_ SIZE_T Size, _In_ ULONG Tag,
                                                _In_ USHORT Depth);
NTKERNELAPI VOID ExDeletePagedLookasideList(_Inout_ PPAGED_LOOKASIDE_LIST Lookaside);

/*
 * ExInitializeLookasideListEx: prepare a list of free blocks of one size in any pool.
 *
 *   Allocate  The driver's own functions, or both NULL for pool.
 *   Flags     0, EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL or
 *             EX_LOOKASIDE_LIST_EX_FLAGS_FAIL_NO_RAISE.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Returns  STATUS_SUCCESS; STATUS_INVALID_PARAMETER_x: which one is wrong.
 * Page     ddi/wdm/nf-wdm-exinitializelookasidelistex
 */
NTKERNELAPI NTSTATUS ExInitializeLookasideListEx(_Out_ PLOOKASIDE_LIST_EX Lookaside,
                                                 _In_opt_ PALLOCATE_FUNCTION_EX Allocate,
                                                 _In_opt_ PFREE_FUNCTION_EX Free,
                                                 _In_ POOL_TYPE PoolType, _In_ ULONG Flags,
                                                 _In_ SIZE_T Size, _In_ ULONG Tag,
                                                 _In_ USHORT Depth);

/*
 * ExDeleteLookasideListEx: free the blocks in the list, which then is no more;
 * ExFlushLookasideListEx keeps it.
 *
 * IRQL     <= DISPATCH_LEVEL
 * Page     ddi/wdm/nf-wdm-exdeletelookasidelistex
 */
NTKERNELAPI VOID ExDeleteLookasideListEx(_Inout_ PLOOKASIDE_LIST_EX Lookaside);
NTKERNELAPI VOID ExFlushLookasideListEx(_Inout_ PLOOKASIDE_LIST_EX Lookaside);

/* The counters are statistics: they may be off, but must not be a data race. */
#define WDK_COUNT(counter) ((void)__atomic_fetch_add(&(counter), 1, __ATOMIC_RELAXED))

/*
 * ExAllocateFromNPagedLookasideList: take a block, from the list or else from its allocator;
 * ExFreeToNPagedLookasideList gives it back. The Paged and Ex functions below do the same for their
 * lists.
 *
 * IRQL     <= DISPATCH_LEVEL; for paged lists <= APC_LEVEL
 * Returns  The block, not zeroed, or NULL.
 * Page     ddi/wdm/nf-wdm-exallocatefromnpagedlookasidelist
 */
WDK_INLINE PVOID ExAllocateFromNPagedLookasideList(_Inout_ PNPAGED_LOOKASIDE_LIST Lookaside) {
  PVOID entry;

  WDK_COUNT(Lookaside->L.TotalAllocates);
  entry = ExpInterlockedPopEntrySList(&Lookaside->L.ListHead);
  if (entry == NULL) {
    WDK_COUNT(Lookaside->L.AllocateMisses);
    entry = Lookaside->L.Allocate(Lookaside->L.Type, Lookaside->L.Size, Lookaside->L.Tag);
  }
  return entry;
}

WDK_INLINE VOID ExFreeToNPagedLookasideList(_Inout_ PNPAGED_LOOKASIDE_LIST Lookaside,
                                            _In_ PVOID Entry) {
  WDK_COUNT(Lookaside->L.TotalFrees);
  if (ExQueryDepthSList(&Lookaside->L.ListHead) >= Lookaside->L.Depth) {
    WDK_COUNT(Lookaside->L.FreeMisses);
    Lookaside->L.Free(Entry);
  } else {
    ExpInterlockedPushEntrySList(&Lookaside->L.ListHead, (PSLIST_ENTRY)Entry);
  }
}

WDK_INLINE PVOID ExAllocateFromPagedLookasideList(_Inout_ PPAGED_LOOKASIDE_LIST Lookaside) {
  return ExAllocateFromNPagedLookasideList((PNPAGED_LOOKASIDE_LIST)Lookaside);
}

WDK_INLINE VOID ExFreeToPagedLookasideList(_Inout_ PPAGED_LOOKASIDE_LIST Lookaside,
                                           _In_ PVOID Entry) {
  ExFreeToNPagedLookasideList((PNPAGED_LOOKASIDE_LIST)Lookaside, Entry);
}

WDK_INLINE PVOID ExAllocateFromLookasideListEx(_Inout_ PLOOKASIDE_LIST_EX Lookaside) {
  PVOID entry;

  WDK_COUNT(Lookaside->L.TotalAllocates);
  entry = ExpInterlockedPopEntrySList(&Lookaside->L.ListHead);
  if (entry == NULL) {
    WDK_COUNT(Lookaside->L.AllocateMisses);
    entry =
        Lookaside->L.AllocateEx(Lookaside->L.Type, Lookaside->L.Size, Lookaside->L.Tag, Lookaside);
  }
  return entry;
}

WDK_INLINE VOID ExFreeToLookasideListEx(_Inout_ PLOOKASIDE_LIST_EX Lookaside, _In_ PVOID Entry) {
  WDK_COUNT(Lookaside->L.TotalFrees);
  if (ExQueryDepthSList(&Lookaside->L.ListHead) >= Lookaside->L.Depth) {
    WDK_COUNT(Lookaside->L.FreeMisses);
    Lookaside->L.FreeEx(Entry, Lookaside);
  } else {
    ExpInterlockedPushEntrySList(&Lookaside->L.ListHead, (PSLIST_ENTRY)Entry);
  }
}

EXTERN_C_END
