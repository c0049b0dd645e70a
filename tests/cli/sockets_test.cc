// tests/drivers/sockets: a page fetched from a server of the test's, and all that can be in its
// way.
#include <wdm.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "kit/dns_server.h"
#include "kit/fixture.h"
#include "kit/loaded_driver.h"
#include "kit/name_world.h"
#include "kit/neighbour.h"
#include "kit/own_world.h"
#include "kit/peer.h"
#include "kit/udp.h"

namespace wskrun::tests {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

// What a client asks for is handed to `answer`, which says what comes back before the end.
class HttpServer {
 public:
  explicit HttpServer(std::function<std::string(const std::string& request)> answer)
      : thread_([this, answer = std::move(answer)] {
          Peer peer = listener_.accept();
          peer.send(answer(peer.receive_to_end()));
          try {
            peer.shutdown_send();
          } catch (const std::runtime_error&) {
            // It has left already: what it has read was not worth waiting for more.
          }
        }) {}
  ~HttpServer() { thread_.join(); }
  std::uint16_t port() const { return listener_.port(); }

 private:
  PeerListener listener_;
  std::thread thread_;
};

std::string head(const std::string& status, std::size_t length) {
  return "HTTP/1.1 " + status + "\r\nServer: test\r\nContent-Length: " + std::to_string(length) +
         "\r\n\r\n";
}

std::string sum_of(const std::string& bytes) {
  std::uint32_t sum = 0;
  for (const char c : bytes) sum += static_cast<unsigned char>(c);
  return std::to_string(sum);
}

std::string counted(const std::string& status, const std::string& body) {
  return "HTTP/1.1 " + status + ", " + std::to_string(body.size()) + " bytes, their sum is " +
         sum_of(body);
}

class Sockets : public ::testing::TestWithParam<Way> {
 protected:
  static std::vector<Parameter> page_at(std::uint16_t port, const std::string& path = "/",
                                        unsigned milliseconds = 60'000) {
    return {{"Host", "127.0.0.1"},
            {"Port", std::to_string(port)},
            {"Path", path},
            {"Milliseconds", "", milliseconds}};
  }
  // What the driver says of a page.
  static std::string result(const std::vector<Parameter>& parameters) {
    LoadedDriver driver(GetParam(), "sockets", parameters);
    return driver.line_with(" ");
  }
};

INSTANTIATE_TEST_SUITE_P(, Sockets, ::testing::ValuesIn(kWays),
                         [](const auto& info) { return info.param.name; });

TEST_P(Sockets, FetchAPage) {
  const std::string body = pattern(200'000);
  std::string asked;
  {
    HttpServer server([&](const std::string& request) {
      asked = request;
      return head("200 OK", body.size()) + body;
    });
    EXPECT_EQ(result(page_at(server.port(), "/page?of=200k")), counted("200 OK", body));
  }
  EXPECT_THAT(asked, HasSubstr("GET /page?of=200k HTTP/1.0\r\nHost: 127.0.0.1\r\n"));
  EXPECT_THAT(asked, EndsWith("\r\n\r\n"));
}

TEST_P(Sockets, FetchAPageThatIsNotThere) {
  HttpServer server([&](const std::string&) { return head("404 Not Found", 4) + "none"; });
  EXPECT_EQ(result(page_at(server.port())), counted("404 Not Found", "none"));
}

TEST_P(Sockets, FetchAPageOfNoKnownLength) {
  HttpServer server(
      [&](const std::string&) { return "HTTP/1.1 200 OK\r\n\r\n" + pattern(70'000); });
  EXPECT_EQ(result(page_at(server.port())), counted("200 OK", pattern(70'000)));
}

TEST_P(Sockets, APageThatIsCutShortIsNone) {
  HttpServer server([&](const std::string&) { return head("200 OK", 100) + "short"; });
  EXPECT_THAT(result(page_at(server.port())), EndsWith("failed with 0xC00000C3"));
}

TEST_P(Sockets, WhatIsNotHttpIsNoPage) {
  HttpServer server([&](const std::string&) { return "220 mail.test ESMTP\r\n\r\n"; });
  EXPECT_THAT(result(page_at(server.port())), EndsWith("failed with 0xC00000C3"));
}

TEST_P(Sockets, AServerThatNeverAnswersIsNotWaitedForLonger) {
  PeerListener silent;
  EXPECT_THAT(result(page_at(silent.port(), "/", 20)), EndsWith("failed with 0xC00000B5"));
}

TEST_P(Sockets, NobodyListensThere) {
  SilentPort nobody;
  EXPECT_EQ(result(page_at(nobody.port())),
            "http://127.0.0.1:" + std::to_string(nobody.port()) + "/ failed with 0xC0000236");
}

TEST_P(Sockets, AreUnloadedWhileTheyWait) {
  PeerListener silent;
  LoadedDriver driver(GetParam(), "sockets", page_at(silent.port()));
  Peer peer = silent.accept();
  peer.receive_to_end();  // It has asked.
}

TEST_P(Sockets, LogTheResultByDatagram) {
  const int log = udp_open(IpVersion::k4);
  HttpServer server([&](const std::string&) { return head("200 OK", 2) + "ok"; });
  std::vector<Parameter> parameters = page_at(server.port());
  parameters.push_back({"LogPort", "", udp_port(log)});
  const std::string said = result(parameters);
  EXPECT_EQ(udp_receive(log), "<14>sockets: " + said);
  udp_close(log);
}

TEST_P(Sockets, TellWhoConnects) {
  HttpServer server([&](const std::string&) { return head("200 OK", 2) + "ok"; });
  std::vector<Parameter> parameters = page_at(server.port());
  parameters.push_back({"StatusPort", "", 0});
  LoadedDriver driver(GetParam(), "sockets", parameters);
  const std::uint16_t port = driver.listening_port();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Peer::connect(port).receive_to_end(), counted("200 OK", "ok") + "\n");
  }
}

TEST_P(Sockets, FindAHostByItsName) {
  if (!in_own_world()) return repeat_in_own_world();
  furnish_name_world();
  DnsServer names;
  names.add_address("page.test", "127.0.0.1");
  HttpServer server([&](const std::string&) { return head("200 OK", 2) + "ok"; });
  std::vector<Parameter> parameters = page_at(server.port());
  parameters[0].text = "page.test";
  EXPECT_EQ(result(parameters), counted("200 OK", "ok"));
  parameters[0].text = "nobody.test";
  EXPECT_THAT(result(parameters), EndsWith("failed with 0xC0000272"));
}

TEST_P(Sockets, AHostThatDoesNotAnswerIsNotWaitedForLonger) {
  if (!in_own_world()) return repeat_in_own_world();
  bring_up_loopback();
  Neighbour neighbour;
  std::vector<Parameter> parameters = page_at(80, "/", 20);
  parameters[0].text = "192.0.2.77";  // There is none on this cable.
  EXPECT_THAT(result(parameters), EndsWith("failed with 0xC00000B5"));
}

}  // namespace
}  // namespace wskrun::tests
