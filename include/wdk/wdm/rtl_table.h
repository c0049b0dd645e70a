/*
 * rtl_table.h: the generic tables: a splay tree and an AVL tree over memory the driver allocates;
 * and the links of a splay tree of the driver's own.
 */
#pragma once

#include <wdm/types.h>

EXTERN_C_START

typedef enum _TABLE_SEARCH_RESULT {
  TableEmptyTree,
  TableFoundNode,
  TableInsertAsLeft,
  TableInsertAsRight
} TABLE_SEARCH_RESULT;

typedef enum _RTL_GENERIC_COMPARE_RESULTS {
  GenericLessThan,
  GenericGreaterThan,
  GenericEqual
} RTL_GENERIC_COMPARE_RESULTS;

typedef struct _RTL_SPLAY_LINKS {
  struct _RTL_SPLAY_LINKS* Parent;
  struct _RTL_SPLAY_LINKS* LeftChild;
  struct _RTL_SPLAY_LINKS* RightChild;
} RTL_SPLAY_LINKS, *PRTL_SPLAY_LINKS;

/*
 * RtlInitializeSplayLinks: make the links a tree of one node. The caller compares, inserts and
 * locks; the root of a tree is its own parent.
 *
 * IRQL     any for resident memory
 * Page     ddi/ntddk/nf-ntddk-rtlinitializesplaylinks
 */
#define RtlInitializeSplayLinks(Links)                 \
  ((void)((Links)->Parent = (PRTL_SPLAY_LINKS)(Links), \
          (Links)->LeftChild = (Links)->RightChild = NULL))
#define RtlParent(Links) ((Links)->Parent)
#define RtlLeftChild(Links) ((Links)->LeftChild)
#define RtlRightChild(Links) ((Links)->RightChild)
#define RtlIsRoot(Links) (RtlParent(Links) == (PRTL_SPLAY_LINKS)(Links))
#define RtlIsLeftChild(Links) (RtlLeftChild(RtlParent(Links)) == (PRTL_SPLAY_LINKS)(Links))
#define RtlIsRightChild(Links) (RtlRightChild(RtlParent(Links)) == (PRTL_SPLAY_LINKS)(Links))
#define RtlInsertAsLeftChild(ParentLinks, ChildLinks)                \
  ((void)((ParentLinks)->LeftChild = (PRTL_SPLAY_LINKS)(ChildLinks), \
          (ChildLinks)->Parent = (PRTL_SPLAY_LINKS)(ParentLinks)))
#define RtlInsertAsRightChild(ParentLinks, ChildLinks)                \
  ((void)((ParentLinks)->RightChild = (PRTL_SPLAY_LINKS)(ChildLinks), \
          (ChildLinks)->Parent = (PRTL_SPLAY_LINKS)(ParentLinks)))

/*
 * RtlSplay: make the node the root of its tree, by rotations that keep the order.
 *
 * IRQL     any for resident memory
 * Returns  The root.
 * Page     ddi/ntddk/nf-ntddk-rtlsplay
 */
NTSYSAPI PRTL_SPLAY_LINKS RtlSplay(_Inout_ PRTL_SPLAY_LINKS Links);

/*
 * RtlDelete: take the node out of its tree. RtlDeleteNoSplay moves as little as it can.
 *
 *   Root  The tree's root; changed when it is another one afterwards.
 *
 * IRQL     any for resident memory
 * Returns  The root; NULL: the tree is empty.
 * Page     ddi/ntddk/nf-ntddk-rtldelete
 */
NTSYSAPI PRTL_SPLAY_LINKS RtlDelete(_In_ PRTL_SPLAY_LINKS Links);
NTSYSAPI VOID RtlDeleteNoSplay(_In_ PRTL_SPLAY_LINKS Links, _Inout_ PRTL_SPLAY_LINKS* Root);

/*
 * RtlRealSuccessor: the next node of the tree in order, RtlRealPredecessor the one before; the
 * Subtree forms look below the node only.
 *
 * IRQL     any for resident memory
 * Returns  It, or NULL.
 * Page     ddi/ntddk/nf-ntddk-rtlrealsuccessor
 */
NTSYSAPI PRTL_SPLAY_LINKS RtlRealSuccessor(_In_ PRTL_SPLAY_LINKS Links);
NTSYSAPI PRTL_SPLAY_LINKS RtlRealPredecessor(_In_ PRTL_SPLAY_LINKS Links);
NTSYSAPI PRTL_SPLAY_LINKS RtlSubtreeSuccessor(_In_ PRTL_SPLAY_LINKS Links);
NTSYSAPI PRTL_SPLAY_LINKS RtlSubtreePredecessor(_In_ PRTL_SPLAY_LINKS Links);

struct _RTL_GENERIC_TABLE;

/*
 * RTL_GENERIC_COMPARE_ROUTINE: the order of elements. FirstStruct and SecondStruct are elements or
 * what the caller searches for. The caller guards the table; no function here locks.
 *
 * Returns  GenericLessThan, GenericGreaterThan or GenericEqual.
 * Page     ddi/ntddk/nf-ntddk-rtlinitializegenerictable
 */
_Function_class_(RTL_GENERIC_COMPARE_ROUTINE) typedef RTL_GENERIC_COMPARE_RESULTS NTAPI
    RTL_GENERIC_COMPARE_ROUTINE(_In_ struct _RTL_GENERIC_TABLE* Table, _In_ PVOID FirstStruct,
                                _In_ PVOID SecondStruct);
typedef RTL_GENERIC_COMPARE_ROUTINE* PRTL_GENERIC_COMPARE_ROUTINE;

/*
 * RTL_GENERIC_ALLOCATE_ROUTINE: memory for a new element and its links; the free routine gets it
 * back.
 *
 * Returns  The memory, or NULL: the insertion fails.
 * Page     ddi/ntddk/nf-ntddk-rtlinitializegenerictable
 */
_Function_class_(RTL_GENERIC_ALLOCATE_ROUTINE) typedef PVOID NTAPI
    RTL_GENERIC_ALLOCATE_ROUTINE(_In_ struct _RTL_GENERIC_TABLE* Table, _In_ CLONG ByteSize);
typedef RTL_GENERIC_ALLOCATE_ROUTINE* PRTL_GENERIC_ALLOCATE_ROUTINE;
_Function_class_(RTL_GENERIC_FREE_ROUTINE) typedef VOID NTAPI
    RTL_GENERIC_FREE_ROUTINE(_In_ struct _RTL_GENERIC_TABLE* Table, _In_ PVOID Buffer);
typedef RTL_GENERIC_FREE_ROUTINE* PRTL_GENERIC_FREE_ROUTINE;

typedef struct _RTL_GENERIC_TABLE {
  PRTL_SPLAY_LINKS TableRoot;
  LIST_ENTRY InsertOrderList;
  PLIST_ENTRY OrderedPointer;
  ULONG WhichOrderedElement;
  ULONG NumberGenericTableElements;
  PRTL_GENERIC_COMPARE_ROUTINE CompareRoutine;
  PRTL_GENERIC_ALLOCATE_ROUTINE AllocateRoutine;
  PRTL_GENERIC_FREE_ROUTINE FreeRoutine;
  PVOID TableContext;
} RTL_GENERIC_TABLE, *PRTL_GENERIC_TABLE;

typedef struct _RTL_BALANCED_LINKS {
  struct _RTL_BALANCED_LINKS* Parent;
  struct _RTL_BALANCED_LINKS* LeftChild;
  struct _RTL_BALANCED_LINKS* RightChild;
  CHAR Balance;
  UCHAR Reserved[3];
} RTL_BALANCED_LINKS, *PRTL_BALANCED_LINKS;

struct _RTL_AVL_TABLE;

/*
 * RTL_AVL_COMPARE_ROUTINE: the same three for AVL tables.
 *
 * Returns  As for splay trees.
 * Page     ddi/ntddk/nf-ntddk-rtlinitializegenerictableavl
 */
_Function_class_(RTL_AVL_COMPARE_ROUTINE) typedef RTL_GENERIC_COMPARE_RESULTS NTAPI
    RTL_AVL_COMPARE_ROUTINE(_In_ struct _RTL_AVL_TABLE* Table, _In_ PVOID FirstStruct,
                            _In_ PVOID SecondStruct);
typedef RTL_AVL_COMPARE_ROUTINE* PRTL_AVL_COMPARE_ROUTINE;
_Function_class_(RTL_AVL_ALLOCATE_ROUTINE) typedef PVOID NTAPI
    RTL_AVL_ALLOCATE_ROUTINE(_In_ struct _RTL_AVL_TABLE* Table, _In_ CLONG ByteSize);
typedef RTL_AVL_ALLOCATE_ROUTINE* PRTL_AVL_ALLOCATE_ROUTINE;
_Function_class_(RTL_AVL_FREE_ROUTINE) typedef VOID NTAPI
    RTL_AVL_FREE_ROUTINE(_In_ struct _RTL_AVL_TABLE* Table, _In_ PVOID Buffer);
typedef RTL_AVL_FREE_ROUTINE* PRTL_AVL_FREE_ROUTINE;

typedef struct _RTL_AVL_TABLE {
  RTL_BALANCED_LINKS BalancedRoot;
  PVOID OrderedPointer;
  ULONG WhichOrderedElement;
  ULONG NumberGenericTableElements;
  ULONG DepthOfTree;
  PRTL_BALANCED_LINKS RestartKey;
  ULONG DeleteCount;
  PRTL_AVL_COMPARE_ROUTINE CompareRoutine;
  PRTL_AVL_ALLOCATE_ROUTINE AllocateRoutine;
  PRTL_AVL_FREE_ROUTINE FreeRoutine;
  PVOID TableContext;
} RTL_AVL_TABLE, *PRTL_AVL_TABLE;

C_ASSERT(sizeof(RTL_GENERIC_TABLE) == 0x48 && sizeof(RTL_AVL_TABLE) == 0x68);

/*
 * RtlInitializeGenericTable: prepare an empty splay-tree table, in which also a lookup moves links.
 *
 *   TableContext  For the routines: Table->TableContext.
 *
 * IRQL     < DISPATCH_LEVEL when the memory is paged
 * Page     ddi/ntddk/nf-ntddk-rtlinitializegenerictable
 */
NTSYSAPI VOID RtlInitializeGenericTable(_Out_ PRTL_GENERIC_TABLE Table,
                                        _In_ PRTL_GENERIC_COMPARE_ROUTINE CompareRoutine,
                                        _In_ PRTL_GENERIC_ALLOCATE_ROUTINE AllocateRoutine,
                                        _In_ PRTL_GENERIC_FREE_ROUTINE FreeRoutine,
                                        _In_opt_ PVOID TableContext);

/*
 * RtlInsertElementGenericTable: copy Buffer into a new element, unless there is an equal one.
 *
 *   NewElement  Set to TRUE when it is new.
 *
 * Returns  The new element or the equal one; NULL: no memory.
 * Page     ddi/ntddk/nf-ntddk-rtlinsertelementgenerictable
 */
NTSYSAPI PVOID RtlInsertElementGenericTable(_In_ PRTL_GENERIC_TABLE Table, _In_ PVOID Buffer,
                                            _In_ CLONG BufferSize, _Out_opt_ PBOOLEAN NewElement);

/*
 * RtlDeleteElementGenericTable: remove the element equal to Buffer.
 *
 * Returns  TRUE: there was one.
 * Page     ddi/ntddk/nf-ntddk-rtldeleteelementgenerictable
 */
NTSYSAPI BOOLEAN RtlDeleteElementGenericTable(_In_ PRTL_GENERIC_TABLE Table, _In_ PVOID Buffer);

/*
 * RtlLookupElementGenericTable: find the element equal to Buffer.
 *
 * Returns  It, or NULL.
 * Page     ddi/ntddk/nf-ntddk-rtllookupelementgenerictable
 */
NTSYSAPI PVOID RtlLookupElementGenericTable(_In_ PRTL_GENERIC_TABLE Table, _In_ PVOID Buffer);

/*
 * RtlLookupElementGenericTableFull: the same, and where it lies or would lie, for
 * RtlInsertElementGenericTableFull, which then need not search.
 *
 *   NodeOrParent  Opaque. The table is not changed in between.
 *
 * Returns  The element, or NULL.
 * Page     ddi/ntddk/nf-ntddk-rtllookupelementgenerictablefullavl
 */
NTSYSAPI PVOID RtlLookupElementGenericTableFull(_In_ PRTL_GENERIC_TABLE Table, _In_ PVOID Buffer,
                                                _Out_ PVOID* NodeOrParent,
                                                _Out_ TABLE_SEARCH_RESULT* SearchResult);
NTSYSAPI PVOID RtlInsertElementGenericTableFull(_In_ PRTL_GENERIC_TABLE Table, _In_ PVOID Buffer,
                                                _In_ CLONG BufferSize,
                                                _Out_opt_ PBOOLEAN NewElement,
                                                _In_ PVOID NodeOrParent,
                                                _In_ TABLE_SEARCH_RESULT SearchResult);

/*
 * RtlEnumerateGenericTable: the next element in order (Restart: the first). The
 * WithoutSplaying form moves no links and keeps its place in *RestartKey, NULL at the start.
 *
 * Returns  It, or NULL after the last.
 * Page     ddi/ntddk/nf-ntddk-rtlenumerategenerictable
 */
NTSYSAPI PVOID RtlEnumerateGenericTable(_In_ PRTL_GENERIC_TABLE Table, _In_ BOOLEAN Restart);
NTSYSAPI PVOID RtlEnumerateGenericTableWithoutSplaying(_In_ PRTL_GENERIC_TABLE Table,
                                                       _Inout_ PVOID* RestartKey);

/*
 * RtlGetElementGenericTable: the element that was inserted as number I, from 0, of those that are
 * left. In an AVL table: the one with index I in order.
 *
 * Returns  It, or NULL.
 * Page     ddi/ntddk/nf-ntddk-rtlgetelementgenerictable
 */
NTSYSAPI PVOID RtlGetElementGenericTable(_In_ PRTL_GENERIC_TABLE Table, _In_ ULONG I);

/*
 * RtlNumberGenericTableElements: how many elements there are; RtlIsGenericTableEmpty: whether none.
 *
 * Page     ddi/ntddk/nf-ntddk-rtlnumbergenerictableelements
 */
NTSYSAPI ULONG RtlNumberGenericTableElements(_In_ PRTL_GENERIC_TABLE Table);
NTSYSAPI BOOLEAN RtlIsGenericTableEmpty(_In_ PRTL_GENERIC_TABLE Table);

/*
 * RtlInitializeGenericTableAvl: prepare an empty AVL table; a lookup does not change it. The
 * functions below are those above for it.
 *
 * IRQL     < DISPATCH_LEVEL when the memory is paged
 * Page     ddi/ntddk/nf-ntddk-rtlinitializegenerictableavl
 */
NTSYSAPI VOID RtlInitializeGenericTableAvl(_Out_ PRTL_AVL_TABLE Table,
                                           _In_ PRTL_AVL_COMPARE_ROUTINE CompareRoutine,
                                           _In_opt_ PRTL_AVL_ALLOCATE_ROUTINE AllocateRoutine,
                                           _In_opt_ PRTL_AVL_FREE_ROUTINE FreeRoutine,
                                           _In_opt_ PVOID TableContext);
NTSYSAPI PVOID RtlInsertElementGenericTableAvl(_In_ PRTL_AVL_TABLE Table, _In_ PVOID Buffer,
                                               _In_ CLONG BufferSize,
                                               _Out_opt_ PBOOLEAN NewElement);
NTSYSAPI BOOLEAN RtlDeleteElementGenericTableAvl(_In_ PRTL_AVL_TABLE Table, _In_ PVOID Buffer);
NTSYSAPI PVOID RtlLookupElementGenericTableAvl(_In_ PRTL_AVL_TABLE Table, _In_ PVOID Buffer);
NTSYSAPI PVOID RtlEnumerateGenericTableAvl(_In_ PRTL_AVL_TABLE Table, _In_ BOOLEAN Restart);
NTSYSAPI PVOID RtlGetElementGenericTableAvl(_In_ PRTL_AVL_TABLE Table, _In_ ULONG I);
NTSYSAPI ULONG RtlNumberGenericTableElementsAvl(_In_ PRTL_AVL_TABLE Table);
NTSYSAPI BOOLEAN RtlIsGenericTableEmptyAvl(_In_ PRTL_AVL_TABLE Table);
NTSYSAPI PVOID RtlLookupElementGenericTableFullAvl(_In_ PRTL_AVL_TABLE Table, _In_ PVOID Buffer,
                                                   _Out_ PVOID* NodeOrParent,
                                                   _Out_ TABLE_SEARCH_RESULT* SearchResult);
NTSYSAPI PVOID RtlInsertElementGenericTableFullAvl(_In_ PRTL_AVL_TABLE Table, _In_ PVOID Buffer,
                                                   _In_ CLONG BufferSize,
                                                   _Out_opt_ PBOOLEAN NewElement,
                                                   _In_ PVOID NodeOrParent,
                                                   _In_ TABLE_SEARCH_RESULT SearchResult);
NTSYSAPI PVOID RtlEnumerateGenericTableWithoutSplayingAvl(_In_ PRTL_AVL_TABLE Table,
                                                          _Inout_ PVOID* RestartKey);

/*
 * RtlLookupFirstMatchingElementGenericTableAvl: the first in order of the elements that the compare
 * routine calls equal to Buffer; it may look at less than makes an element unique.
 *
 *   RestartKey  Set for RtlEnumerateGenericTableWithoutSplayingAvl, to go on from there.
 *
 * Returns  It, or NULL.
 * Page     ddi/ntddk/nf-ntddk-rtllookupfirstmatchingelementgenerictableavl
 */
NTSYSAPI PVOID RtlLookupFirstMatchingElementGenericTableAvl(_In_ PRTL_AVL_TABLE Table,
                                                            _In_ PVOID Buffer,
                                                            _Out_ PVOID* RestartKey);

/* A driver that defines RTL_USE_AVL_TABLES writes the names without Avl and gets AVL tables. */
#ifdef RTL_USE_AVL_TABLES
#define _RTL_GENERIC_TABLE _RTL_AVL_TABLE
#define RTL_GENERIC_TABLE RTL_AVL_TABLE
#define PRTL_GENERIC_TABLE PRTL_AVL_TABLE
#define RTL_GENERIC_COMPARE_ROUTINE RTL_AVL_COMPARE_ROUTINE
#define PRTL_GENERIC_COMPARE_ROUTINE PRTL_AVL_COMPARE_ROUTINE
#define RTL_GENERIC_ALLOCATE_ROUTINE RTL_AVL_ALLOCATE_ROUTINE
#define PRTL_GENERIC_ALLOCATE_ROUTINE PRTL_AVL_ALLOCATE_ROUTINE
#define RTL_GENERIC_FREE_ROUTINE RTL_AVL_FREE_ROUTINE
#define PRTL_GENERIC_FREE_ROUTINE PRTL_AVL_FREE_ROUTINE
#define RtlInitializeGenericTable RtlInitializeGenericTableAvl
#define RtlInsertElementGenericTable RtlInsertElementGenericTableAvl
#define RtlInsertElementGenericTableFull RtlInsertElementGenericTableFullAvl
#define RtlDeleteElementGenericTable RtlDeleteElementGenericTableAvl
#define RtlLookupElementGenericTable RtlLookupElementGenericTableAvl
#define RtlLookupElementGenericTableFull RtlLookupElementGenericTableFullAvl
#define RtlEnumerateGenericTable RtlEnumerateGenericTableAvl
#define RtlEnumerateGenericTableWithoutSplaying RtlEnumerateGenericTableWithoutSplayingAvl
#define RtlGetElementGenericTable RtlGetElementGenericTableAvl
#define RtlNumberGenericTableElements RtlNumberGenericTableElementsAvl
#define RtlIsGenericTableEmpty RtlIsGenericTableEmptyAvl
#endif

EXTERN_C_END
