// The kernel's news, by rtnetlink's multicast groups.
#include "net/address_watch.h"

#include "net/local_addresses.h"

namespace wskrun::net {

AddressWatch* AddressWatch::open(Transport& transport, Family family, AddressWatchSink& sink,
                                 Error& error) {
  std::unique_ptr<Socket> news =
      transport.create_socket({.family = family, .kind = SocketKind::kAddressNews}, error);
  if (news == nullptr) return nullptr;
  return new AddressWatch(transport, std::move(news), family, sink);
}

// The list is asked for after the news were subscribed to, so no change falls between the two.
AddressWatch::AddressWatch(Transport& transport, std::unique_ptr<Socket> news, Family family,
                           AddressWatchSink& sink)
    : family_(family),
      sink_(sink),
      known_(local_addresses(family)),
      endpoint_(transport.open_datagram(std::move(news), *this)) {
  endpoint_.resume_receive();
}

void AddressWatch::received(std::span<Datagram>) {
  std::vector<Address> now = local_addresses(family_);
  if (now == known_) return;
  known_ = std::move(now);
  sink_.addresses_changed();
}

// News were lost, among them perhaps a change.
void AddressWatch::failed(Error) {
  sink_.addresses_changed();
}

void AddressWatch::closed() {
  sink_.watch_closed();
  delete this;
}

}  // namespace wskrun::net
