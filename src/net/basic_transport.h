// BasicTransport: a Transport out of a backend's loop, stream and listener classes. It starts the
// loops and deals endpoints out to them.
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "net/posix_socket.h"
#include "net/transport.h"

namespace wskrun::net {

template <typename LoopType, typename StreamType, typename ListenerType, typename DatagramType,
          Blocking blocking>
class BasicTransport final : public Transport {
 public:
  static std::unique_ptr<Transport> create(const char* name, TransportOptions options,
                                           Error& error) {
    if (options.loop_count == 0) options.loop_count = std::thread::hardware_concurrency();
    options.loop_count = std::clamp(options.loop_count, 1u, kMostLoops);
    raise_descriptor_limit();
    std::unique_ptr<BasicTransport> transport(new BasicTransport(name));
    for (unsigned index = 0; index < options.loop_count; ++index) {
      auto loop = std::make_unique<LoopType>(index, options);
      error = loop->start();
      if (!error.ok()) return nullptr;
      transport->loops_.push_back(std::move(loop));
    }
    return transport;
  }

  ~BasicTransport() override {
    for (auto& loop : loops_) loop->stop();
  }

  const char* name() const override { return name_; }

  std::unique_ptr<Socket> create_socket(const SocketSpec& spec, Error& error) override {
    return PosixSocket::create(spec, blocking, error);
  }

  StreamEndpoint& open_stream(std::unique_ptr<Socket> socket, StreamSink& sink) override {
    return *new StreamType(next_loop(), static_cast<PosixSocket&>(*socket), sink);
  }

  ListenerEndpoint& open_listener(std::unique_ptr<Socket> listening, ListenerSink& sink) override {
    return *new ListenerType(next_loop(), static_cast<PosixSocket&>(*listening), sink);
  }

  DatagramEndpoint& open_datagram(std::unique_ptr<Socket> bound, DatagramSink& sink) override {
    return *new DatagramType(next_loop(), static_cast<PosixSocket&>(*bound), sink);
  }

  unsigned loop_count() const override { return static_cast<unsigned>(loops_.size()); }
  Loop& loop(unsigned index) override { return *loops_.at(index); }

  bool under_memory_pressure() const override {
    return std::any_of(loops_.begin(), loops_.end(),
                       [](const auto& loop) { return loop->under_memory_pressure(); });
  }

 private:
  static constexpr unsigned kMostLoops = 256;

  explicit BasicTransport(const char* name) : name_(name) {}

  // In turn; but where connections end unevenly, some loops would be left with many and others with
  // few. So each time another loop is asked, too, every pair once in a while, and who has fewer
  // gets it: to ask all of many would cost more than it brings.
  LoopType& next_loop() {
    const std::size_t count = loops_.size();
    if (count == 1) return *loops_.front();
    const std::size_t turn = next_.fetch_add(1, std::memory_order_relaxed);
    const std::size_t one = turn % count;
    const std::size_t other = (one + 1 + turn / count % (count - 1)) % count;
    return *loops_[loops_[other]->endpoints() < loops_[one]->endpoints() ? other : one];
  }

  const char* const name_;
  std::vector<std::unique_ptr<LoopType>> loops_;
  std::atomic<unsigned> next_{0};
};

}  // namespace wskrun::net
