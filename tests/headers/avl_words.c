/* A driver that asks for AVL tables by the names of the others; only has to compile. */
#define RTL_USE_AVL_TABLES 0
#include <ntddk.h>

static RTL_GENERIC_COMPARE_RESULTS NTAPI Compare(struct _RTL_GENERIC_TABLE* Table, PVOID First,
                                                 PVOID Second) {
  UNREFERENCED_PARAMETER(Table);
  return First == Second ? GenericEqual : GenericLessThan;
}

static PVOID NTAPI Allocate(PRTL_GENERIC_TABLE Table, CLONG ByteSize) {
  UNREFERENCED_PARAMETER(Table);
  return ExAllocatePoolZero(NonPagedPoolNx, ByteSize, 'lvaT');
}

static VOID NTAPI Free(PRTL_GENERIC_TABLE Table, PVOID Buffer) {
  UNREFERENCED_PARAMETER(Table);
  ExFreePoolWithTag(Buffer, 'lvaT');
}

BOOLEAN UseTable(PVOID Key);

BOOLEAN UseTable(PVOID Key) {
  RTL_GENERIC_TABLE Table;
  PVOID Restart = NULL;

  C_ASSERT(sizeof(RTL_GENERIC_TABLE) == sizeof(RTL_AVL_TABLE));
  RtlInitializeGenericTable(&Table, Compare, Allocate, Free, NULL);
  if (RtlInsertElementGenericTable(&Table, Key, sizeof(ULONG), NULL) == NULL) return FALSE;
  if (RtlEnumerateGenericTableWithoutSplaying(&Table, &Restart) == NULL) return FALSE;
  return RtlDeleteElementGenericTable(&Table, Key) && RtlIsGenericTableEmpty(&Table);
}
