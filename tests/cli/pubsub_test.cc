// examples/pubsub: what one peer says, those who want to hear it get.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "kit/loaded_driver.h"
#include "kit/peer.h"

namespace wskrun::tests {
namespace {

using ::testing::StartsWith;

class PubSub : public ::testing::TestWithParam<Way> {
 protected:
  // A peer that knows lines.
  class Client {
   public:
    explicit Client(std::uint16_t port) : peer_(Peer::connect(port)) {}
    Client(std::uint16_t port, const std::string& topic) : Client(port) {
      EXPECT_EQ(ask("SUB " + topic), "+OK");
    }
    void send(const std::string& line) { peer_.send(line + "\n"); }
    std::string line() {
      std::size_t end = 0;
      while ((end = received_.find('\n')) == std::string::npos) {
        received_ += peer_.receive(std::max<std::size_t>(peer_.waiting(), 1));
      }
      std::string line = received_.substr(0, end);
      received_.erase(0, end + 1);
      return line;
    }
    std::string ask(const std::string& question) {
      send(question);
      return line();
    }
    Peer& peer() { return peer_; }

   private:
    Peer peer_;
    std::string received_;  // And not asked for yet.
  };

  Client client() { return Client(port_); }
  Client subscriber(const std::string& topic) { return Client(port_, topic); }
  // Asks until the driver says so.
  void wait_for_info(const std::string& info) {
    Client asking = client();
    while (asking.ask("INFO") != "+INFO " + info) std::this_thread::yield();
  }

  LoadedDriver driver_{GetParam(), "pubsub"};
  const std::uint16_t port_ = driver_.listening_port();
};

INSTANTIATE_TEST_SUITE_P(, PubSub, ::testing::ValuesIn(kWays),
                         [](const auto& info) { return info.param.name; });

TEST_P(PubSub, SubscribersHearWhatIsPublished) {
  Client news = subscriber("news"), both = subscriber("news"), sports = subscriber("sports");
  EXPECT_EQ(both.ask("SUB sports"), "+OK");
  Client speaker = client();
  EXPECT_EQ(speaker.ask("PUB news it rains"), "+SENT 2");
  EXPECT_EQ(speaker.ask("PUB sports they lost"), "+SENT 2");
  EXPECT_EQ(speaker.ask("PUB weather nobody listens"), "+SENT 0");
  EXPECT_EQ(news.line(), "MSG news it rains");
  EXPECT_EQ(both.line(), "MSG news it rains");
  EXPECT_EQ(both.line(), "MSG sports they lost");
  EXPECT_EQ(sports.line(), "MSG sports they lost");
}

TEST_P(PubSub, WhoHasUnsubscribedHearsNoMore) {
  Client listener = subscriber("news");
  Client speaker = client();
  EXPECT_EQ(listener.ask("SUB news"), "+OK");  // Once more is no more.
  EXPECT_EQ(speaker.ask("PUB news one"), "+SENT 1");
  EXPECT_EQ(listener.line(), "MSG news one");
  EXPECT_EQ(listener.ask("UNSUB news"), "+OK");
  EXPECT_EQ(speaker.ask("PUB news two"), "+SENT 0");
  EXPECT_THAT(listener.ask("UNSUB news"), StartsWith("-ERR 0xC0000225"));
}

TEST_P(PubSub, LinesMayComeInAnyPieces) {
  Client listener = subscriber("t");
  Client speaker = client();
  for (const std::string_view piece : {"PU", "B t ", "one\r\nPUB t two\nPU"}) {
    speaker.peer().send(piece);
  }
  EXPECT_EQ(listener.line(), "MSG t one");
  EXPECT_EQ(listener.line(), "MSG t two");
  speaker.send("B t three");
  EXPECT_EQ(listener.line(), "MSG t three");
}

TEST_P(PubSub, WhatIsNotUnderstoodIsAnswered) {
  Client peer = client();
  EXPECT_EQ(peer.ask("HELLO"), "-ERR what?");
  EXPECT_EQ(peer.ask(""), "-ERR what?");
  EXPECT_THAT(peer.ask("SUB " + std::string(65, 'x')), StartsWith("-ERR 0xC000000D"));
  EXPECT_THAT(peer.ask("SUB"), StartsWith("-ERR 0xC000000D"));
}

TEST_P(PubSub, ALineWithoutEndBreaksTheConnection) {
  Client peer = client();
  peer.peer().send(std::string(2000, 'x'));
  peer.peer().wait_reset();
  wait_for_info("1 sessions, 0 topics");
}

TEST_P(PubSub, MessagesStayInOrder) {
  constexpr int kCount = 5000;
  Client listener = subscriber("numbers");
  std::thread speaking([&] {
    Client speaker = client();
    for (int i = 0; i < kCount; i += 50) {
      std::string lines;
      for (int j = i; j < i + 50; ++j) lines += "PUB numbers " + std::to_string(j) + "\n";
      speaker.peer().send(lines);
      for (int j = i; j < i + 50; ++j) EXPECT_EQ(speaker.line(), "+SENT 1");
    }
  });
  for (int i = 0; i < kCount; ++i) EXPECT_EQ(listener.line(), "MSG numbers " + std::to_string(i));
  speaking.join();
}

TEST_P(PubSub, ManyListenersAndSpeakers) {
  constexpr std::size_t kListeners = 40, kSpeakers = 4, kMessages = 50;
  std::vector<Client> listeners;
  for (std::size_t i = 0; i < kListeners; ++i) listeners.push_back(subscriber("all"));
  std::vector<std::thread> speaking;
  for (std::size_t i = 0; i < kSpeakers; ++i) {
    speaking.emplace_back([this] {
      Client speaker = client();
      for (std::size_t j = 0; j < kMessages; ++j) EXPECT_EQ(speaker.ask("PUB all x"), "+SENT 40");
    });
  }
  for (std::thread& thread : speaking) thread.join();
  for (Client& listener : listeners) {
    for (std::size_t j = 0; j < kSpeakers * kMessages; ++j) EXPECT_EQ(listener.line(), "MSG all x");
  }
}

TEST_P(PubSub, WhoDoesNotReadIsCutOffAndTheOthersGoOn) {
  constexpr int kBatch = 50;
  Client slow = subscriber("noise");
  Client reader = subscriber("noise");
  Client speaker = client();
  const std::string noise(1000, 'x');
  std::string batch;
  for (int i = 0; i < kBatch; ++i) batch += "PUB noise " + noise + "\n";
  int published = 0;
  for (bool cut_off = false; !cut_off; published += kBatch) {
    speaker.peer().send(batch);
    for (int i = 0; i < kBatch; ++i) cut_off = speaker.line() == "+SENT 1";
    for (int i = 0; i < kBatch; ++i) EXPECT_EQ(reader.line(), "MSG noise " + noise);
  }
  slow.peer().wait_reset();
  EXPECT_GT(published, 1000);
}

TEST_P(PubSub, WhoSaysNoMoreGetsItsAnswersAndTheEnd) {
  Client peer = client();
  peer.peer().send("PUB t x\nINFO\n");
  peer.peer().shutdown_send();
  EXPECT_THAT(peer.peer().receive_to_end(), StartsWith("+SENT 0\n+INFO "));
  wait_for_info("1 sessions, 0 topics");
}

TEST_P(PubSub, WhoIsGoneIsForgotten) {
  for (int i = 0; i < 20; ++i) {
    Client peer = subscriber("topic" + std::to_string(i));
    EXPECT_EQ(peer.ask("SUB common"), "+OK");
    if (i % 2 == 0) peer.peer().reset();
  }
  wait_for_info("1 sessions, 0 topics");
}

TEST_P(PubSub, IsUnloadedUnderItsPeers) {
  std::vector<Client> peers;
  for (int i = 0; i < 20; ++i) {
    peers.push_back(subscriber("all"));
    peers.back().peer().send_what_fits("PUB all to everybody\nPUB all and again\nPUB unfinis");
  }
}

}  // namespace
}  // namespace wskrun::tests
