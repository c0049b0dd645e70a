// MDLs: what they describe, how they chain, and what goes wrong with them.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <wdm.h>

#include <vector>

#include "kit/covers.h"
#include "nt/ledger.h"
#include "nt/mm_probe.h"
#include "probe/mistake.h"

namespace wskrun::nt {
namespace {

using tests::covers;

PMDL make_mdl(void* address, ULONG length) {
  return IoAllocateMdl(address, length, FALSE, FALSE, nullptr);
}

// Two pages of fresh memory, of which the second is not there.
class HalfMapped {
 public:
  HalfMapped() {
    memory_ = static_cast<char*>(
        ::mmap(nullptr, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    ::munmap(memory_ + PAGE_SIZE, PAGE_SIZE);
  }
  ~HalfMapped() { ::munmap(memory_, PAGE_SIZE); }
  char* last_byte() { return memory_ + PAGE_SIZE - 1; }
  void make_read_only() { ::mprotect(memory_, PAGE_SIZE, PROT_READ); }

 private:
  char* memory_;
};

TEST(Mdl, DescribesItsBuffer) {
  alignas(PAGE_SIZE) static char buffer[3 * PAGE_SIZE];
  PMDL mdl = make_mdl(buffer + 100, 2 * PAGE_SIZE);

  EXPECT_EQ(MmGetMdlVirtualAddress(mdl), buffer + 100);
  EXPECT_EQ(MmGetMdlByteCount(mdl), 2u * PAGE_SIZE);
  EXPECT_EQ(MmGetMdlByteOffset(mdl), 100u);
  EXPECT_EQ(mdl->StartVa, buffer);
  EXPECT_EQ(mdl->Next, nullptr);
  EXPECT_EQ(mdl->Size, static_cast<CSHORT>(sizeof(MDL) + 3 * sizeof(PFN_NUMBER)));
  EXPECT_EQ(MmSizeOfMdl(buffer + 100, 2 * PAGE_SIZE), sizeof(MDL) + 3 * sizeof(PFN_NUMBER));
  EXPECT_EQ(MmGetMdlPfnArray(mdl)[2], 0u);
  IoFreeMdl(mdl);
}

TEST(Mdl, IsAddedToTheIrpItIsAllocatedFor) {
  char buffer[16];
  PIRP irp = IoAllocateIrp(1, FALSE);
  PMDL first = IoAllocateMdl(buffer, 4, FALSE, FALSE, irp);
  PMDL second = IoAllocateMdl(buffer + 4, 4, TRUE, FALSE, irp);
  PMDL third = IoAllocateMdl(buffer + 8, 8, TRUE, FALSE, irp);

  EXPECT_EQ(irp->MdlAddress, first);
  EXPECT_EQ(first->Next, second);
  EXPECT_EQ(second->Next, third);
  EXPECT_EQ(third->Next, nullptr);
  for (PMDL mdl : {first, second, third}) IoFreeMdl(mdl);
  IoFreeIrp(irp);
}

TEST(Mdl, OfNonpagedPoolHasItsAddressAtOnce) {
  void* pool = ExAllocatePool2(POOL_FLAG_NON_PAGED, 100, 'tseT');
  PMDL mdl = make_mdl(pool, 100);

  MmBuildMdlForNonPagedPool(mdl);

  EXPECT_TRUE(mdl->MdlFlags & MDL_SOURCE_IS_NONPAGED_POOL);
  EXPECT_FALSE(mdl->MdlFlags & MDL_PAGES_LOCKED);
  EXPECT_EQ(mdl->MappedSystemVa, pool);
  EXPECT_EQ(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority), pool);
  IoFreeMdl(mdl);
  ExFreePoolWithTag(pool, 'tseT');
}

TEST(Mdl, LocksMapsAndUnlocks) {
  char buffer[64];
  PMDL mdl = make_mdl(buffer, sizeof buffer);

  MmProbeAndLockPages(mdl, KernelMode, IoWriteAccess);
  EXPECT_TRUE(mdl->MdlFlags & MDL_PAGES_LOCKED);
  EXPECT_TRUE(mdl->MdlFlags & MDL_WRITE_OPERATION);
  EXPECT_FALSE(mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA);

  EXPECT_EQ(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority), buffer);
  EXPECT_TRUE(mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA);

  MmUnlockPages(mdl);
  EXPECT_FALSE(mdl->MdlFlags & (MDL_PAGES_LOCKED | MDL_MAPPED_TO_SYSTEM_VA));
  IoFreeMdl(mdl);
}

TEST(Mdl, LockedForReadingIsNotMarkedForWriting) {
  static const char kConstant[] = "read only";
  PMDL mdl = make_mdl(const_cast<char*>(kConstant), sizeof kConstant);
  MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
  EXPECT_FALSE(mdl->MdlFlags & MDL_WRITE_OPERATION);
  MmUnlockPages(mdl);
  IoFreeMdl(mdl);
}

TEST(Mdl, PartialDescribesAPiece) {
  alignas(256) char buffer[256];  // Within one page, so that every piece needs the same MDL size.
  PMDL whole = make_mdl(buffer, sizeof buffer);
  MmBuildMdlForNonPagedPool(whole);
  PMDL part = make_mdl(buffer, sizeof buffer);

  IoBuildPartialMdl(whole, part, buffer + 10, 20);
  EXPECT_EQ(MmGetMdlByteCount(part), 20u);
  EXPECT_EQ(MmGetSystemAddressForMdlSafe(part, NormalPagePriority), buffer + 10);
  EXPECT_TRUE(part->MdlFlags & MDL_PARTIAL);

  MmPrepareMdlForReuse(part);
  IoBuildPartialMdl(whole, part, buffer + 200, 0);  // To the end of the source.
  EXPECT_EQ(MmGetMdlByteCount(part), 56u);
  EXPECT_EQ(MmGetMdlVirtualAddress(part), buffer + 200);
  IoFreeMdl(part);
  IoFreeMdl(whole);
}

TEST(Mdl, PartialOfAPartialOfLockedPages) {
  alignas(256) char buffer[256];
  PMDL whole = make_mdl(buffer, sizeof buffer);
  MmProbeAndLockPages(whole, KernelMode, IoModifyAccess);
  PMDL part = make_mdl(buffer, 100);
  PMDL piece = make_mdl(buffer, 100);
  const std::uint64_t mistakes = probe::mistakes();

  IoBuildPartialMdl(whole, part, buffer + 50, 100);
  IoBuildPartialMdl(part, piece, buffer + 60, 0);

  EXPECT_EQ(MmGetMdlByteCount(piece), 90u);
  EXPECT_EQ(MmGetSystemAddressForMdlSafe(piece, NormalPagePriority), buffer + 60);
  EXPECT_TRUE(piece->MdlFlags & MDL_PARTIAL_HAS_BEEN_MAPPED);
  MmPrepareMdlForReuse(piece);
  EXPECT_FALSE(piece->MdlFlags & (MDL_PARTIAL_HAS_BEEN_MAPPED | MDL_MAPPED_TO_SYSTEM_VA));
  for (PMDL mdl : {piece, part}) IoFreeMdl(mdl);
  MmUnlockPages(whole);
  IoFreeMdl(whole);
  EXPECT_EQ(probe::mistakes(), mistakes);
}

TEST(Mdl, MistakesAreReported) {
  char buffer[16];
  PMDL mdl = make_mdl(buffer, sizeof buffer);
  std::uint64_t mistakes = probe::mistakes();

  EXPECT_EQ(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority), nullptr);  // Not locked.
  EXPECT_EQ(probe::mistakes(), ++mistakes);
  MmUnlockPages(mdl);
  EXPECT_EQ(probe::mistakes(), ++mistakes);
  MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
  EXPECT_EQ(probe::mistakes(), mistakes);
  MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);
  EXPECT_EQ(probe::mistakes(), ++mistakes);
  IoFreeMdl(mdl);  // Still locked.
  EXPECT_EQ(probe::mistakes(), ++mistakes);
}

TEST(MdlDeathTest, OfBadMemoryCannotBeLocked) {
  HalfMapped half;
  PMDL mdl = make_mdl(half.last_byte(), 2);
  EXPECT_DEATH(MmProbeAndLockPages(mdl, KernelMode, IoReadAccess), "STATUS_ACCESS_VIOLATION");
  IoFreeMdl(mdl);
}

TEST(MdlDeathTest, PartialMustLieInsideAndFit) {
  alignas(PAGE_SIZE) static char buffer[4 * PAGE_SIZE];
  constexpr ULONG kSize = 2 * PAGE_SIZE;
  char* const begin = buffer + PAGE_SIZE;
  PMDL whole = make_mdl(begin, kSize);
  MmBuildMdlForNonPagedPool(whole);
  PMDL small = make_mdl(begin, 1);
  EXPECT_DEATH(IoBuildPartialMdl(whole, small, begin - 1, 1), "inside");
  EXPECT_DEATH(IoBuildPartialMdl(whole, small, begin + 1, kSize), "inside");
  EXPECT_DEATH(IoBuildPartialMdl(whole, small, begin, kSize), "larger target");
  IoFreeMdl(small);
  IoFreeMdl(whole);
}

TEST(MemoryIsThere, KnowsHolesAndReadOnlyPages) {
  HalfMapped half;
  EXPECT_TRUE(memory_is_there(half.last_byte(), 0, Access::kWrite));
  EXPECT_TRUE(memory_is_there(half.last_byte(), 1, Access::kRead));
  EXPECT_FALSE(memory_is_there(half.last_byte(), 2, Access::kRead));
  EXPECT_FALSE(memory_is_there(half.last_byte(), ~std::size_t{0}, Access::kRead));
  half.make_read_only();
  EXPECT_FALSE(memory_is_there(half.last_byte(), 1, Access::kWrite));
  EXPECT_FALSE(memory_is_there(nullptr, 1, Access::kRead));
}

}  // namespace
}  // namespace wskrun::nt
