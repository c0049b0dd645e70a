// What the headers do inline, run: Interlocked on any integer, bits, lists, SEH words, MDL and IRP
// macros. inline_in_c.c does the same where C takes another way than C++.
#include <gtest/gtest.h>

#include <wdm.h>

// Each returns the line of its first failure, 0 when there is none.
extern "C" int interlocked_in_c(void);
extern "C" int seh_in_c(void);

// The runtime is not linked: this stands for its mapping of an MDL that has no address yet.
extern "C" PVOID MmMapLockedPagesSpecifyCache(PMDL Mdl, KPROCESSOR_MODE AccessMode,
                                              MEMORY_CACHING_TYPE CacheType, PVOID Requested,
                                              ULONG BugCheckOnFailure, ULONG Priority) {
  EXPECT_EQ(AccessMode, KernelMode);
  EXPECT_EQ(CacheType, MmCached);
  EXPECT_EQ(Requested, nullptr);
  EXPECT_FALSE(BugCheckOnFailure);
  EXPECT_EQ(Priority, static_cast<ULONG>(NormalPagePriority));
  Mdl->MdlFlags |= MDL_MAPPED_TO_SYSTEM_VA;
  return Mdl->MappedSystemVa = Mdl;
}

namespace {

TEST(Inline, InterlockedInC) {
  EXPECT_EQ(interlocked_in_c(), 0);
}

TEST(Inline, SehInC) {
  EXPECT_EQ(seh_in_c(), 0);
}

TEST(Interlocked, WorksOnTheWidthItsPointerHas) {
  ULONG ulong_value = 0xffffffff;
  EXPECT_EQ(InterlockedIncrement(&ulong_value), 0);
  EXPECT_EQ(InterlockedDecrement(&ulong_value), -1);
  EXPECT_EQ(ulong_value, 0xffffffffu);

  volatile long plain_long = -1;
  EXPECT_EQ(InterlockedIncrement(&plain_long), 0);
  EXPECT_EQ(plain_long, 0);

  SHORT narrow = 0x7fff;
  EXPECT_EQ(InterlockedIncrement16(&narrow), -0x8000);

  CHAR bytes[3] = {0, 0, 0};
  EXPECT_EQ(InterlockedOr8(&bytes[1], 0x7f), 0);
  EXPECT_EQ(bytes[0], 0);
  EXPECT_EQ(bytes[1], 0x7f);
  EXPECT_EQ(bytes[2], 0);
}

TEST(Interlocked, GivesOldOrNewValueAsDocumented) {
  LONG value = 6;
  EXPECT_EQ(InterlockedExchange(&value, 7), 6);
  EXPECT_EQ(InterlockedExchangeAdd(&value, 3), 7);
  EXPECT_EQ(InterlockedAdd(&value, 2), 12);
  EXPECT_EQ(InterlockedAnd(&value, 8), 12);
  EXPECT_EQ(InterlockedOr(&value, 1), 8);
  EXPECT_EQ(InterlockedXor(&value, 3), 9);
  EXPECT_EQ(InterlockedCompareExchange(&value, 20, 11), 10);
  EXPECT_EQ(value, 10);
  EXPECT_EQ(InterlockedCompareExchange(&value, 20, 10), 10);
  EXPECT_EQ(value, 20);

  LONG64 wide = 0;
  EXPECT_EQ(InterlockedIncrementAcquire64(&wide), 1);
  EXPECT_EQ(InterlockedExchangeAddNoFence64(&wide, 1LL << 40), 1);
  EXPECT_EQ(wide, (1LL << 40) + 1);
}

TEST(Interlocked, PointersAndBits) {
  int a = 0;
  int* pointer = nullptr;
  EXPECT_EQ(InterlockedExchangePointer(&pointer, &a), nullptr);
  EXPECT_EQ(InterlockedCompareExchangePointer(&pointer, nullptr, nullptr), &a);
  EXPECT_EQ(pointer, &a);
  EXPECT_EQ(InterlockedCompareExchangePointer(&pointer, nullptr, &a), &a);
  EXPECT_EQ(pointer, nullptr);

  LONG words[2] = {0, 0};
  EXPECT_FALSE(InterlockedBitTestAndSet(words, 31));
  EXPECT_TRUE(InterlockedBitTestAndSet(words, 31));
  EXPECT_FALSE(InterlockedBitTestAndSet(words, 33));
  EXPECT_EQ(static_cast<ULONG>(words[0]), 0x80000000u);
  EXPECT_EQ(words[1], 2);
  EXPECT_TRUE(InterlockedBitTestAndReset(words, 31));
  EXPECT_EQ(words[0], 0);
  LONG64 wide = 0;
  EXPECT_FALSE(InterlockedBitTestAndSet64(&wide, 63));
  EXPECT_TRUE(BitTest64(&wide, 63));
}

TEST(Interlocked, SixteenBytesAreComparedAndExchanged) {
  alignas(16) LONG64 target[2] = {1, 2};
  LONG64 comparand[2] = {1, 3};
  EXPECT_EQ(InterlockedCompareExchange128(target, 8, 9, comparand), 0);
  EXPECT_EQ(comparand[0], 1);
  EXPECT_EQ(comparand[1], 2);
  EXPECT_EQ(InterlockedCompareExchange128(target, -8, 9, comparand), 1);
  EXPECT_EQ(target[0], 9);
  EXPECT_EQ(target[1], -8);
  EXPECT_EQ(comparand[1], 2);
}

TEST(Interlocked, BitsAlsoWithoutALock) {
  LONG words[2] = {0, 0};
  EXPECT_FALSE(_bittestandset(words, 33));
  EXPECT_TRUE(BitTestAndComplement(words, 33));
  EXPECT_EQ(words[1], 0);
  LONG64 wide = 1;
  EXPECT_TRUE(BitTestAndReset64(&wide, 0));
  EXPECT_EQ(wide, 0);
}

TEST(Interlocked, LoadsAndStoresOfEveryWidth) {
  UINT8 byte = 0;
  WriteUInt8Release(&byte, 200);
  EXPECT_EQ(ReadUInt8Acquire(&byte), 200);
  INT16 half = 0;
  WriteInt16NoFence(&half, -5);
  EXPECT_EQ(ReadInt16Raw(&half), -5);
  ULONG64 wide = 0;
  WriteULong64Release(&wide, ~0ull);
  EXPECT_EQ(ReadULong64Acquire(&wide), ~0ull);
  PVOID pointer = nullptr;
  WritePointerRaw(&pointer, &byte);
  EXPECT_EQ(ReadPointerRaw(&pointer), &byte);
}

TEST(Intrinsics, ScanForBits) {
  ULONG index = 77;
  EXPECT_EQ(BitScanForward(&index, 0), 0);
  EXPECT_EQ(index, 77u);
  EXPECT_NE(BitScanForward(&index, 0x80000100), 0);
  EXPECT_EQ(index, 8u);
  EXPECT_NE(_BitScanReverse(&index, 0x80000100), 0);
  EXPECT_EQ(index, 31u);
  EXPECT_NE(_BitScanForward64(&index, 1ull << 40), 0);
  EXPECT_EQ(index, 40u);
  EXPECT_NE(BitScanReverse64(&index, 3), 0);
  EXPECT_EQ(index, 1u);
  EXPECT_EQ(__popcnt64(0xF00F), 8u);
  EXPECT_EQ(__lzcnt(1), 31u);
}

TEST(Intrinsics, RotateAndMultiply) {
  EXPECT_EQ(_rotl(0x80000001, 1), 3u);
  EXPECT_EQ(_rotr(1, 1), 0x80000000u);
  EXPECT_EQ(_rotl64(1, 63), 1ull << 63);
  EXPECT_EQ(RotateLeft8(0x81, 4), 0x18);
  EXPECT_EQ(RotateRight16(0x0001, 16), 0x0001);
  EXPECT_EQ(RotateLeft32(5, 0), 5u);
  ULONG64 high = 0;
  EXPECT_EQ(UnsignedMultiply128(~0ull, 16, &high), ~0ull << 4);
  EXPECT_EQ(high, 15u);
  EXPECT_EQ(MultiplyHigh(-1, 1), -1);
}

TEST(List, KeepsOrderAndKnowsWhenItIsEmpty) {
  LIST_ENTRY head;
  LIST_ENTRY a;
  LIST_ENTRY b;
  LIST_ENTRY c;
  InitializeListHead(&head);
  EXPECT_TRUE(IsListEmpty(&head));
  InsertTailList(&head, &b);
  InsertTailList(&head, &c);
  InsertHeadList(&head, &a);
  EXPECT_EQ(head.Flink, &a);
  EXPECT_EQ(a.Flink, &b);
  EXPECT_EQ(b.Flink, &c);
  EXPECT_EQ(c.Flink, &head);
  EXPECT_EQ(head.Blink, &c);
  EXPECT_FALSE(RemoveEntryList(&b));
  EXPECT_EQ(RemoveTailList(&head), &c);
  EXPECT_EQ(RemoveHeadList(&head), &a);
  EXPECT_TRUE(IsListEmpty(&head));
}

TEST(List, AppendTailListJoinsTwo) {
  LIST_ENTRY head;
  LIST_ENTRY a;
  LIST_ENTRY b;
  LIST_ENTRY c;
  InitializeListHead(&head);
  InsertTailList(&head, &a);
  InitializeListHead(&b);
  InsertTailList(&b, &c);
  AppendTailList(&head, &b);
  for (LIST_ENTRY* expected : {&a, &b, &c}) EXPECT_EQ(RemoveHeadList(&head), expected);
  EXPECT_TRUE(IsListEmpty(&head));
}

TEST(Irp, StackMacrosMoveOneLocation) {
  alignas(IRP) unsigned char memory[sizeof(IRP) + 2 * sizeof(IO_STACK_LOCATION)] = {};
  auto* irp = reinterpret_cast<PIRP>(memory);
  auto* locations = reinterpret_cast<PIO_STACK_LOCATION>(irp + 1);
  irp->StackCount = 2;
  irp->CurrentLocation = 3;
  irp->Tail.Overlay.CurrentStackLocation = locations + 2;

  EXPECT_EQ(IoGetNextIrpStackLocation(irp), locations + 1);
  int context = 0;
  IoSetCompletionRoutine(
      irp, [](PDEVICE_OBJECT, PIRP, PVOID) -> NTSTATUS { return STATUS_SUCCESS; }, &context, TRUE,
      FALSE, TRUE);
  EXPECT_EQ(locations[1].Control, SL_INVOKE_ON_SUCCESS | SL_INVOKE_ON_CANCEL);
  EXPECT_EQ(locations[1].Context, &context);

  IoSetNextIrpStackLocation(irp);
  EXPECT_EQ(irp->CurrentLocation, 2);
  EXPECT_EQ(IoGetCurrentIrpStackLocation(irp), locations + 1);
  IoMarkIrpPending(irp);
  EXPECT_NE(locations[1].Control & SL_PENDING_RETURNED, 0);

  locations[1].MajorFunction = IRP_MJ_DEVICE_CONTROL;
  IoCopyCurrentIrpStackLocationToNext(irp);
  EXPECT_EQ(locations[0].MajorFunction, IRP_MJ_DEVICE_CONTROL);
  EXPECT_EQ(locations[0].CompletionRoutine, nullptr);
  EXPECT_EQ(locations[0].Control, 0);

  IoSkipCurrentIrpStackLocation(irp);
  EXPECT_EQ(irp->CurrentLocation, 3);
}

TEST(Irp, CancelRoutineIsExchanged) {
  IRP irp = {};
  const PDRIVER_CANCEL routine = [](PDEVICE_OBJECT, PIRP) {};
  EXPECT_EQ(IoSetCancelRoutine(&irp, routine), nullptr);
  EXPECT_EQ(IoSetCancelRoutine(&irp, nullptr), routine);
}

TEST(Mdl, InitializeSplitsTheAddress) {
  MDL mdl;
  auto* address = reinterpret_cast<void*>(0x10000ff0);
  MmInitializeMdl(&mdl, address, 0x20);
  EXPECT_EQ(mdl.StartVa, reinterpret_cast<void*>(0x10000000));
  EXPECT_EQ(MmGetMdlByteOffset(&mdl), 0xff0u);
  EXPECT_EQ(MmGetMdlByteCount(&mdl), 0x20u);
  EXPECT_EQ(MmGetMdlVirtualAddress(&mdl), address);
  EXPECT_EQ(mdl.Size, static_cast<CSHORT>(sizeof(MDL) + 2 * sizeof(PFN_NUMBER)));
  EXPECT_EQ(mdl.MdlFlags, 0);
}

TEST(Mdl, SystemAddressIsMappedOnceAndOnlyWhenThereIsNone) {
  MDL mdl = {};
  mdl.MdlFlags = MDL_PAGES_LOCKED;
  EXPECT_EQ(MmGetSystemAddressForMdlSafe(&mdl, NormalPagePriority), &mdl);
  int mapped = 0;
  mdl.MappedSystemVa = &mapped;
  EXPECT_EQ(MmGetSystemAddressForMdlSafe(&mdl, NormalPagePriority), &mapped);
  mdl.MdlFlags = MDL_SOURCE_IS_NONPAGED_POOL;
  EXPECT_EQ(MmGetSystemAddressForMdlSafe(&mdl, NormalPagePriority), &mapped);
}

TEST(Mdl, PagesSpanned) {
  EXPECT_EQ(ADDRESS_AND_SIZE_TO_SPAN_PAGES(nullptr, 0), 0u);
  EXPECT_EQ(ADDRESS_AND_SIZE_TO_SPAN_PAGES(reinterpret_cast<void*>(0xfff), 1), 1u);
  EXPECT_EQ(ADDRESS_AND_SIZE_TO_SPAN_PAGES(reinterpret_cast<void*>(0xfff), 2), 2u);
  EXPECT_EQ(BYTES_TO_PAGES(PAGE_SIZE + 1), 2);
  EXPECT_EQ(ROUND_TO_PAGES(1), static_cast<ULONG_PTR>(PAGE_SIZE));
}

TEST(Status, SeverityIsInTheTopBits) {
  EXPECT_TRUE(NT_SUCCESS(STATUS_PENDING));
  EXPECT_TRUE(NT_SUCCESS(STATUS_TIMEOUT));
  EXPECT_TRUE(NT_INFORMATION(STATUS_EVENT_PENDING));
  EXPECT_TRUE(NT_WARNING(STATUS_BUFFER_OVERFLOW));
  EXPECT_FALSE(NT_SUCCESS(STATUS_BUFFER_OVERFLOW));
  EXPECT_TRUE(NT_ERROR(STATUS_CANCELLED));
}

TEST(Strings, ConstantsCountBytesWithoutTheZero) {
  static const UNICODE_STRING wide = RTL_CONSTANT_STRING(u"abc");
  static const ANSI_STRING narrow = RTL_CONSTANT_STRING("abc");
  DECLARE_UNICODE_STRING_SIZE(room, 10);
  EXPECT_EQ(wide.Length, 6);
  EXPECT_EQ(wide.MaximumLength, 8);
  EXPECT_EQ(wide.Buffer[2], u'c');
  EXPECT_EQ(narrow.Length, 3);
  EXPECT_EQ(room.Length, 0);
  EXPECT_EQ(room.MaximumLength, 20);
}

TEST(Bytes, SwapsAndGuids) {
  EXPECT_EQ(RtlUshortByteSwap(0x1234), 0x3412);
  EXPECT_EQ(RtlUlongByteSwap(0x12345678), 0x78563412u);
  EXPECT_EQ(RtlUlonglongByteSwap(0x0102030405060708), 0x0807060504030201u);
  const GUID a = {1, 2, 3, {4}};
  GUID b = a;
  EXPECT_TRUE(IsEqualGUID(a, b));
  b.Data4[7] = 1;
  EXPECT_FALSE(a == b);
}

}  // namespace
