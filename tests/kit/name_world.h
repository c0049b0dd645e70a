// A world (own_world.h) in which names are the tests' own, where DNS is asked at 127.0.0.1
// (dns_server.h).
#pragma once

namespace wskrun::tests {

// Furnishes the world: call it first in there, before anything is asked. Throws when it cannot.
//
//   the machine    "box", in the domain corp.test, which is searched for names without a dot
//   addresses      loopback, and 192.0.2.1
//   /etc/hosts     localhost, box, and a name outside of ASCII
//   /etc/services  blink: 4001 of TCP, 4002 of UDP; rays: 4003 of UDP
//   DNS            a question is asked once and waits for half a minute
void furnish_name_world();

}  // namespace wskrun::tests
