// DnsServer: a name server on 127.0.0.1 that knows what a test tells it, and can be silent. At port
// 53 it needs a world of its own (name_world.h): outside, the port is the machine's.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "kit/event_log.h"

namespace wskrun::tests {

// Names are in lower case and without the last dot. A name that the server was told nothing about
// does not exist.
class DnsServer {
 public:
  explicit DnsServer(std::uint16_t port = 53);  // 0: a free one. Throws when it is not to be had.
  ~DnsServer();
  DnsServer(const DnsServer&) = delete;
  DnsServer& operator=(const DnsServer&) = delete;

  void add_address(const std::string& name, const std::string& address);  // IPv4 or IPv6
  void add_alias(const std::string& name, const std::string& target);
  void add_pointer(const std::string& reversed, const std::string& name);  // 1.0.0.127.in-addr.arpa
  void fail(const std::string& name);                                      // Answers SERVFAIL.

  std::uint16_t port() const;

  // Answers no question about `name` until release(), which answers those that came meanwhile.
  void hold(const std::string& name);
  void release(const std::string& name);
  // Waits until somebody has asked about `name`.
  void wait_asked(const std::string& name);
  bool was_asked(const std::string& name) const;

 private:
  enum Type : std::uint16_t { kA = 1, kCname = 5, kPtr = 12, kAaaa = 28 };
  struct Record {
    Type type;
    std::string data;  // As it goes over the wire.
  };
  struct Question {
    std::string query;  // The whole message.
    std::string from;   // A sockaddr.
    std::string name;
    std::uint16_t type;
    std::size_t end;  // Where the question ends in the message.
  };

  void add(const std::string& name, Type type, std::string data);
  void serve();
  void take(const Question& question);
  void answer(const Question& question);

  int socket_ = -1;
  int stop_[2] = {-1, -1};  // A pipe: closing one end ends the thread.
  EventLog log_;            // Guards the four below.
  std::map<std::string, std::vector<Record>> records_;
  std::set<std::string> failing_;
  std::set<std::string> asked_;
  std::map<std::string, std::vector<Question>> held_;
  std::thread thread_;
};

}  // namespace wskrun::tests
