// AddressWatch: tells when the addresses of this host's interfaces change.
#pragma once

#include <vector>

#include "net/transport.h"

namespace wskrun::net {

// On the watch's loop.
class AddressWatchSink {
 public:
  virtual void addresses_changed() = 0;
  virtual void watch_closed() = 0;  // The last call; the watch is freed when it returns.

 protected:
  ~AddressWatchSink() = default;
};

// The kernel's news say that something about interfaces or addresses is different; the list decides
// whether that concerns anyone.
class AddressWatch final : private DatagramSink {
 public:
  // Changes from now on are told. nullptr and `error` where the kernel has no such news.
  static AddressWatch* open(Transport& transport, Family family, AddressWatchSink& sink,
                            Error& error);
  // Then watch_closed(), after which the watch must not be used.
  void close() { endpoint_.close(); }

 private:
  AddressWatch(Transport& transport, std::unique_ptr<Socket> news, Family family,
               AddressWatchSink& sink);
  ~AddressWatch() = default;

  void received(std::span<Datagram> batch) override;
  void sent(DatagramSend&, Error) override {}
  void failed(Error error) override;
  void closed() override;

  const Family family_;
  AddressWatchSink& sink_;
  std::vector<Address> known_;  // The loop's, once there is an endpoint.
  DatagramEndpoint& endpoint_;
};

}  // namespace wskrun::net
