#include "base/block_cache.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <latch>
#include <set>
#include <thread>
#include <vector>

namespace wskrun::base {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kIsThere = false;
#elif defined(__has_feature)
constexpr bool kIsThere = !__has_feature(address_sanitizer);
#else
constexpr bool kIsThere = true;
#endif

TEST(BlockCache, GivesAThreadItsOwnBlockAgain) {
  if (!kIsThere) GTEST_SKIP() << "malloc stands in";
  void* block = take_block(40);
  give_block(block, 40);
  EXPECT_EQ(take_block(40), block);
  give_block(block, 40);
}

// While the one that freed them still runs: what it keeps for itself is bounded.
TEST(BlockCache, WhatOneThreadTakesAndAnotherFreesComesBack) {
  if (!kIsThere) GTEST_SKIP() << "malloc stands in";
  constexpr std::size_t kBytes = 72;
  constexpr std::size_t kBatch = 64;
  std::vector<void*> taken(3 * kBatch);
  for (void*& block : taken) block = take_block(kBytes);
  std::latch freed(1);
  std::latch looked(1);
  std::thread other([&] {
    for (void* block : taken) give_block(block, kBytes);
    freed.count_down();
    looked.wait();
  });
  freed.wait();
  const std::set<void*> before(taken.begin(), taken.end());
  for (void*& block : taken) block = take_block(kBytes);
  EXPECT_GE(std::ranges::count_if(taken, [&](void* each) { return before.contains(each); }),
            static_cast<std::ptrdiff_t>(kBatch));
  looked.count_down();
  other.join();
  for (void* block : taken) give_block(block, kBytes);
}

TEST(BlockCache, BlocksAreDistinctAndWhole) {
  std::vector<std::pair<char*, std::size_t>> blocks;
  for (std::size_t bytes = 1; bytes <= 600; ++bytes) {
    auto* block = static_cast<char*>(take_block(bytes));
    std::fill_n(block, bytes, static_cast<char>(bytes));
    blocks.emplace_back(block, bytes);
  }
  for (auto [block, bytes] : blocks) {
    for (std::size_t i = 0; i < bytes; ++i) ASSERT_EQ(block[i], static_cast<char>(bytes));
    give_block(block, bytes);
  }
}

}  // namespace
}  // namespace wskrun::base
