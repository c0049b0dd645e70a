// Neighbour: a second host, at the other end of a cable, for what loopback cannot show. It lives in
// a network of its own and listens to everything this host puts on the cable. Only in a world of
// the test's own (own_world.h).
//
//   this host      192.0.2.1 and 2001:db8::1, on "here"
//   the neighbour  192.0.2.2 and 2001:db8::2
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "kit/peer.h"

namespace wskrun::tests {

// Runs the program `ip` in this host's network, and has what it prints. Throws when it fails.
std::string ip(const std::string& arguments);

class Neighbour {
 public:
  Neighbour();  // Throws when it cannot be had.
  ~Neighbour();
  Neighbour(const Neighbour&) = delete;
  Neighbour& operator=(const Neighbour&) = delete;

  // What it listens at, on all its addresses.
  PeerListener listen(IpVersion version);
  // How many TCP segments this host has sent since the last call, in answer to all that the
  // neighbour had sent, too: whatever is on the cable arrives first, either way.
  int segments();

  // Runs it in a thread whose sockets and processes are the neighbour's.
  void in_its_network(const std::function<void()>& action);

 private:
  void lay_cable();

  int network_ = -1;
  int listening_ = -1;  // Has every packet from the cable.
  int its_post_ = -1;   // Datagrams from here to there, and back.
  int our_post_ = -1;
};

}  // namespace wskrun::tests
