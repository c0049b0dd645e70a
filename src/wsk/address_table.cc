// The table of Microsoft's page on sharing transport addresses, and getting Linux to follow it.
#include "wsk/address_table.h"

#include <algorithm>

#include "nt/se_access.h"
#include "wsk/socket.h"

namespace wskrun::wsk {
namespace {

enum class Verdict : std::uint8_t { kSuccess, kInUse, kDenied, kCheck };

using enum Verdict;

// A row for the second bind, a column for the first; each by its option, as in Sharing, and within
// that the wildcard before a specific address.
constexpr Verdict kVerdicts[6][6] = {
    {kInUse, kSuccess, kInUse, kSuccess, kInUse, kSuccess},
    {kCheck, kInUse, kCheck, kDenied, kDenied, kInUse},
    {kDenied, kSuccess, kSuccess, kSuccess, kDenied, kSuccess},
    {kCheck, kDenied, kSuccess, kSuccess, kDenied, kDenied},
    {kInUse, kInUse, kInUse, kInUse, kInUse, kInUse},
    {kCheck, kInUse, kCheck, kInUse, kDenied, kInUse},
};

bool is_wildcard(const net::Address& address) {
  return std::all_of(address.ip.begin(), address.ip.end(), [](std::uint8_t b) { return b == 0; });
}

std::size_t place_of(Sharing sharing, const net::Address& address) {
  return 2 * static_cast<std::size_t>(sharing) + (is_wildcard(address) ? 0 : 1);
}

// Two different specific addresses have nothing to do with each other (SEC-011). Nor, here, have
// IPv4 and IPv6: where a socket takes both, the kernel knows.
bool overlap(const net::Address& one, const net::Address& other) {
  if (one.family != other.family || one.port != other.port) return false;
  if (is_wildcard(one) || is_wildcard(other)) return true;
  return one.ip == other.ip && one.scope_id == other.scope_id;
}

// The right that an access check is about is not documented.
constexpr ACCESS_MASK kToShare = GENERIC_READ | GENERIC_WRITE;

}  // namespace

NTSTATUS AddressTable::may_share(Sharing second, const net::Address& wanted, const Claim& first) {
  switch (kVerdicts[place_of(second, wanted)][place_of(first.sharing, first.local)]) {
    case kSuccess:
      return STATUS_SUCCESS;
    case kInUse:
      return STATUS_ADDRESS_ALREADY_EXISTS;
    case kDenied:
      return STATUS_ACCESS_DENIED;
    case kCheck:  // Whatever process or thread owns the second one, it is the system's.
      return nt::grants_system(first.descriptor->parts(), kToShare) ? STATUS_SUCCESS
                                                                    : STATUS_ACCESS_DENIED;
  }
  return STATUS_ACCESS_DENIED;
}

NTSTATUS AddressTable::find_sharers_locked(const Socket& socket, const net::Address& wanted,
                                           std::vector<Socket*>& sharers) const {
  const auto [begin, end] = claims_.equal_range(wanted.port);
  for (auto each = begin; each != end; ++each) {
    const Claim& first = each->second;
    if (first.kind != socket.kind() || !overlap(first.local, wanted)) continue;
    const NTSTATUS status = may_share(socket.sharing(), wanted, first);
    if (!NT_SUCCESS(status)) return status;
    sharers.push_back(first.socket);
  }
  return STATUS_SUCCESS;
}

// Linux lets sockets share an address that all have kShareAddress set. They get it only when they
// come to share, since with it a socket would also let in those of other processes. Where one does
// not take it, because it is at its end, the kernel refuses the bind.
NTSTATUS AddressTable::bind(Socket& socket, const net::Address& wanted) {
  net::Address local;
  if (socket.kind() == net::SocketKind::kRaw) return socket.bind_endpoint(wanted, local);
  base::MutexLock lock(mutex_);
  if (places_.count(&socket) != 0) return STATUS_INVALID_DEVICE_STATE;
  std::vector<Socket*> sharers;
  const NTSTATUS refused = find_sharers_locked(socket, wanted, sharers);
  if (!NT_SUCCESS(refused)) return refused;
  for (Socket* sharer : sharers) static_cast<void>(sharer->share_address());
  if (!sharers.empty()) static_cast<void>(socket.share_address());
  const NTSTATUS status = socket.bind_endpoint(wanted, local);
  if (NT_SUCCESS(status)) {
    const auto place = claims_.emplace(
        local.port, Claim{&socket, socket.kind(), local, socket.sharing(), socket.descriptor()});
    places_.emplace(&socket, place);
  } else if (!sharers.empty() && socket.sharing() != Sharing::kReuse) {
    static_cast<void>(socket.set_option(net::SocketOption::kShareAddress, 0));
  }
  return status;
}

void AddressTable::remove(const Socket& socket) {
  base::MutexLock lock(mutex_);
  const auto place = places_.find(&socket);
  if (place == places_.end()) return;
  claims_.erase(place->second);
  places_.erase(place);
}

}  // namespace wskrun::wsk
