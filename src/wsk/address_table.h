// AddressTable: which sockets are bound where, and who else may have the address. The rules are
// Windows' (SEC-012); Linux is told to let through what they let through.
#pragma once

#include <wdm.h>

#include <cstdint>
#include <map>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "base/ref_ptr.h"
#include "net/transport.h"
#include "wsk/descriptor_cache.h"

namespace wskrun::wsk {

class Socket;

// Of neither option, SO_REUSEADDR, SO_EXCLUSIVEADDRUSE.
enum class Sharing : std::uint8_t { kDefault, kReuse, kExclusive };

// Taken before the mutex of any socket. Any thread, any IRQL.
class AddressTable {
 public:
  AddressTable() = default;
  AddressTable(const AddressTable&) = delete;
  AddressTable& operator=(const AddressTable&) = delete;

  // Has the socket bind itself, unless those that are there already forbid it:
  // STATUS_ADDRESS_ALREADY_EXISTS or STATUS_ACCESS_DENIED. After success, remove() is to come.
  NTSTATUS bind(Socket& socket, const net::Address& wanted) EXCLUDES(mutex_);
  void remove(const Socket& socket) EXCLUDES(mutex_);

 private:
  // A bound socket, and what it was bound with.
  struct Claim {
    Socket* socket;
    net::SocketKind kind;
    net::Address local;
    Sharing sharing;
    base::RefPtr<CachedDescriptor> descriptor;
  };
  using Claims = std::multimap<std::uint16_t, Claim>;  // By port; of one port, the oldest first.

  static NTSTATUS may_share(Sharing second, const net::Address& wanted, const Claim& first);
  // Those that would share the address, or why the socket may not have it.
  NTSTATUS find_sharers_locked(const Socket& socket, const net::Address& wanted,
                               std::vector<Socket*>& sharers) const REQUIRES(mutex_);

  base::Mutex mutex_;
  Claims claims_ GUARDED_BY(mutex_);
  std::unordered_map<const Socket*, Claims::iterator> places_ GUARDED_BY(mutex_);
};

}  // namespace wskrun::wsk
