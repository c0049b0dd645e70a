#include "base/fifo.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <random>

namespace wskrun::base {
namespace {

using Item = std::unique_ptr<int>;

TEST(Fifo, DoesAsADequeDoes) {
  std::minstd_rand random(1);
  Fifo<Item> fifo;
  std::deque<int> model;
  int next = 0;
  for (int step = 0; step < 20'000; ++step) {
    const bool grows = step / 500 % 2 == 0;
    const auto choice = random() % 8;
    if (choice == 0) {
      fifo.push_front(std::make_unique<int>(next));
      model.push_front(next++);
    } else if (choice < (grows ? 6u : 3u)) {
      fifo.push_back(std::make_unique<int>(next));
      model.push_back(next++);
    } else if (!model.empty()) {
      EXPECT_EQ(*fifo.front(), model.front());
      EXPECT_EQ(*fifo.pop_front(), model.front());
      model.pop_front();
    }
    ASSERT_EQ(fifo.empty(), model.empty());
    ASSERT_EQ(fifo.size(), model.size());
  }
}

TEST(Fifo, FreesWhatItHolds) {
  const auto counted = std::make_shared<int>();
  {
    Fifo<std::shared_ptr<int>> fifo;
    for (int i = 0; i < 10; ++i) fifo.push_back(counted);
    EXPECT_EQ(counted.use_count(), 11);
    fifo.clear();
    EXPECT_EQ(counted.use_count(), 1);
    fifo.push_back(counted);
  }
  EXPECT_EQ(counted.use_count(), 1);
}

}  // namespace
}  // namespace wskrun::base
