#include "base/block_cache.h"

#include <gtest/gtest.h>

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

TEST(BlockCache, WhatOneThreadTakesAndAnotherFreesComesBack) {
  if (!kIsThere) GTEST_SKIP() << "malloc stands in";
  constexpr std::size_t kBytes = 72;
  constexpr int kAtOnce = 500;
  std::set<void*> seen;
  for (int round = 0; round < 50; ++round) {
    std::vector<void*> blocks;
    blocks.reserve(kAtOnce);
    for (int i = 0; i < kAtOnce; ++i) blocks.push_back(take_block(kBytes));
    seen.insert(blocks.begin(), blocks.end());
    std::thread([&] {
      for (void* block : blocks) give_block(block, kBytes);
    }).join();
  }
  // Each round at most what is left of a batch stays behind, and malloc may give that out again.
  EXPECT_LT(seen.size(), kAtOnce + 50u * 128u);
  EXPECT_LT(seen.size(), 50u * kAtOnce / 2);
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
