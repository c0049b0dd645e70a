// The resolver's threads, with lookups that take exactly as long as a test wants.
#include "net/resolver.h"

#include <atomic>
#include <thread>

#include "net/transport_test_kit.h"

namespace wskrun::net::testing {
namespace {

// Lookups wait here, as they would for a server that does not answer.
class Gate : public Observed {
 public:
  void open() {
    note([&] { open_ = true; });
  }
  void pass() {
    note([&] { ++inside_; });
    EXPECT_TRUE(wait([&] { return open_; }));
  }
  void forget() {
    note([&] { ++forgotten_; });
  }
  bool wait_inside(int count) {
    return wait([&] { return inside_ >= count; });
  }
  bool wait_forgotten(int count) {
    return wait([&] { return forgotten_ >= count; });
  }
  int inside() {
    return read([&] { return inside_; });
  }
  int forgotten() {
    return read([&] { return forgotten_; });
  }

 private:
  bool open_ = false;
  int inside_ = 0;     // Lookups that came here so far.
  int forgotten_ = 0;  // Lookups that nobody holds any more.
};

class GatedLookup final : public Lookup {
 public:
  GatedLookup(std::shared_ptr<Gate> gate, Error error) : gate_(std::move(gate)), error_(error) {}
  ~GatedLookup() override { gate_->forget(); }
  Error run() override {
    gate_->pass();
    return error_;
  }

 private:
  const std::shared_ptr<Gate> gate_;
  const Error error_;
};

// What a query's owner hears.
struct Answers : Observed {
  explicit Answers(Loop& its_loop) : loop(its_loop) {}
  void add(Error error) {
    note([&] { all.push_back(error); });
  }
  bool wait_count(std::size_t count) {
    return wait([&] { return all.size() >= count; });
  }
  std::size_t count() {
    return read([&] { return all.size(); });
  }

  Loop& loop;
  std::vector<Error> all;
};

class TestQuery final : public Query {
 public:
  TestQuery(base::RefPtr<Lookup> lookup, Answers& answers)
      : Query(std::move(lookup)), answers_(answers) {}

 private:
  void answered(Error error) override {
    EXPECT_TRUE(answers_.loop.is_current());
    answers_.add(error);
  }

  Answers& answers_;
};

class ResolverTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Error error;
    transport_ = make_epoll({.loop_count = 1}, error);
    ASSERT_NE(transport_, nullptr) << std::strerror(error.code());
    answers_ = std::make_unique<Answers>(loop());
    resolver_ = std::make_unique<Resolver>();
  }

  Loop& loop() { return transport_->loop(0); }
  std::unique_ptr<TestQuery> query(const std::shared_ptr<Gate>& gate, Error error = Error()) {
    auto lookup = base::RefPtr<Lookup>::adopt(new GatedLookup(gate, error));
    return std::make_unique<TestQuery>(std::move(lookup), *answers_);
  }
  static std::shared_ptr<Gate> open_gate() {
    auto gate = std::make_shared<Gate>();
    gate->open();
    return gate;
  }

  std::unique_ptr<Transport> transport_;
  std::unique_ptr<Answers> answers_;
  std::unique_ptr<Resolver> resolver_;
};

TEST_F(ResolverTest, TellsOnTheLoopWhatTheLookupReturned) {
  auto good = query(open_gate());
  resolver_->start(*good, loop());
  ASSERT_TRUE(answers_->wait_count(1));
  auto bad = query(open_gate(), Error(ENOENT));
  resolver_->start(*bad, loop());
  ASSERT_TRUE(answers_->wait_count(2));
  EXPECT_EQ(answers_->all, (std::vector<Error>{kOk, Error(ENOENT)}));
}

TEST_F(ResolverTest, ASlowLookupKeepsNobodyWaiting) {
  auto gate = std::make_shared<Gate>();
  auto slow = query(gate);
  resolver_->start(*slow, loop());
  ASSERT_TRUE(gate->wait_inside(1));
  auto fast = query(open_gate());
  resolver_->start(*fast, loop());
  ASSERT_TRUE(answers_->wait_count(1));
  gate->open();
  ASSERT_TRUE(answers_->wait_count(2));
}

TEST_F(ResolverTest, ACancelledQueryEndsAtOnceAndItsLookupIsThrownAway) {
  auto gate = std::make_shared<Gate>();
  auto slow = query(gate);
  resolver_->start(*slow, loop());
  ASSERT_TRUE(gate->wait_inside(1));

  resolver_->cancel(*slow);
  ASSERT_TRUE(answers_->wait_count(1));
  EXPECT_EQ(answers_->all, (std::vector<Error>{kCancelled}));
  resolver_->cancel(*slow);  // Nothing is left to cancel.
  slow.reset();
  EXPECT_EQ(gate->forgotten(), 0);  // It still runs.

  gate->open();
  EXPECT_TRUE(gate->wait_forgotten(1));
  EXPECT_EQ(answers_->count(), 1u);
}

TEST_F(ResolverTest, MoreQueriesThanThreadsWaitAndCanBeCancelledThen) {
  auto gate = std::make_shared<Gate>();
  constexpr int kMany = 100;
  std::vector<std::unique_ptr<TestQuery>> queries;
  for (int i = 0; i < kMany; ++i) {
    queries.push_back(query(gate));
    resolver_->start(*queries.back(), loop());
  }
  ASSERT_TRUE(gate->wait_inside(2));  // Several at once, but not all.
  resolver_->cancel(*queries.back());
  ASSERT_TRUE(answers_->wait_count(1));
  EXPECT_EQ(answers_->all, (std::vector<Error>{kCancelled}));
  queries.pop_back();
  EXPECT_EQ(gate->forgotten(), 1);  // It was never run.
  EXPECT_LE(gate->inside(), 16);

  gate->open();
  ASSERT_TRUE(answers_->wait_count(kMany));
  EXPECT_EQ(gate->inside(), kMany - 1);
}

TEST_F(ResolverTest, AQueryMayBeCancelledBeforeItIsStarted) {
  auto gate = open_gate();
  auto early = query(gate);
  resolver_->cancel(*early);
  EXPECT_EQ(answers_->count(), 0u);
  resolver_->start(*early, loop());
  ASSERT_TRUE(answers_->wait_count(1));
  EXPECT_EQ(answers_->all, (std::vector<Error>{kCancelled}));
  EXPECT_EQ(gate->inside(), 0);
}

TEST_F(ResolverTest, EndsWithoutWaitingForACancelledLookup) {
  auto gate = std::make_shared<Gate>();
  auto slow = query(gate);
  auto done = query(open_gate());
  resolver_->start(*slow, loop());
  resolver_->start(*done, loop());
  ASSERT_TRUE(gate->wait_inside(1));
  resolver_->cancel(*slow);
  ASSERT_TRUE(answers_->wait_count(2));
  slow.reset();

  resolver_.reset();
  transport_.reset();  // What the thread finds when it comes out is only its own.
  EXPECT_EQ(gate->forgotten(), 0);
  gate->open();
  EXPECT_TRUE(gate->wait_forgotten(1));
}

TEST_F(ResolverTest, EachQueryEndsOnceWhoeverIsFirst) {
  constexpr int kRounds = 2000;
  auto gate = open_gate();
  std::atomic<TestQuery*> shared{nullptr};
  std::atomic<bool> stop{false};
  std::thread canceller([&] {
    while (!stop) {
      if (TestQuery* query = shared.exchange(nullptr)) resolver_->cancel(*query);
    }
  });
  std::vector<std::unique_ptr<TestQuery>> queries;
  for (int i = 0; i < kRounds; ++i) {
    queries.push_back(query(gate));
    shared = queries.back().get();
    resolver_->start(*queries.back(), loop());
  }
  EXPECT_TRUE(answers_->wait_count(kRounds));
  stop = true;
  canceller.join();
  resolver_.reset();
  transport_.reset();  // Nothing more can come.
  EXPECT_EQ(answers_->count(), static_cast<std::size_t>(kRounds));
}

}  // namespace
}  // namespace wskrun::net::testing
