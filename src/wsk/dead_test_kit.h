// A transport whose endpoints fail when a test says so, which no kernel does on demand. The test's
// thread is its loop.
#pragma once

#include <gtest/gtest.h>
#include <wsk.h>

#include <cerrno>
#include <deque>
#include <memory>

#include "net/transport.h"

namespace wskrun::wsk {

class TestLoop final : public net::Loop {
 public:
  void post(net::Task& task) override { tasks_.push_back(&task); }
  void wake() override {}
  bool is_current() const override { return true; }
  unsigned index() const override { return 0; }
  void run() {
    for (; !tasks_.empty(); tasks_.pop_front()) tasks_.front()->run(*tasks_.front());
  }

 private:
  std::deque<net::Task*> tasks_;
};

class TestListener final : public net::ListenerEndpoint {
 public:
  explicit TestListener(net::Loop& loop) : loop_(loop) {}
  void resume_accept() override { accepting = true; }
  void pause_accept() override { accepting = false; }
  void close() override { closed = true; }
  net::Loop& loop() override { return loop_; }
  net::Address local_address() const override { return {}; }
  net::Error set_option(net::SocketOption, std::uint32_t) override { return {}; }
  net::Error get_option(net::SocketOption, std::uint32_t&) const override { return {}; }

  bool accepting = false;
  bool closed = false;

 private:
  net::Loop& loop_;
};

class TestDatagrams final : public net::DatagramEndpoint {
 public:
  explicit TestDatagrams(net::Loop& loop) : loop_(loop) {}
  void resume_receive() override {}
  void pause_receive() override {}
  bool try_send(net::DatagramSend&, net::Error& error) override {
    error = net::Error(ENETDOWN);
    return true;
  }
  void send(net::DatagramSend&) override {}
  void cancel_send(net::DatagramSend&) override {}
  void close() override { closed = true; }
  net::Loop& loop() override { return loop_; }
  net::Address local_address() const override { return {}; }
  net::Error set_option(net::SocketOption, std::uint32_t) override { return {}; }
  net::Error get_option(net::SocketOption, std::uint32_t&) const override { return {}; }
  net::Error change_membership(const net::GroupMembership&) override { return {}; }

  bool closed = false;

 private:
  net::Loop& loop_;
};

class TestSocket final : public net::Socket {
 public:
  net::Error bind(const net::Address&) override { return {}; }
  net::Error listen() override { return {}; }
  net::Address local_address() const override { return {}; }
  net::Address remote_address() const override { return {}; }
  net::Error set_option(net::SocketOption, std::uint32_t) override { return {}; }
  net::Error get_option(net::SocketOption, std::uint32_t&) const override { return {}; }
  net::Error change_membership(const net::GroupMembership&) override { return {}; }
  void drop_connection() override {}
};

class TestTransport final : public net::Transport {
 public:
  const char* name() const override { return "test"; }
  std::unique_ptr<net::Socket> create_socket(const net::SocketSpec&, net::Error&) override {
    return std::make_unique<TestSocket>();
  }
  net::StreamEndpoint& open_stream(std::unique_ptr<net::Socket>, net::StreamSink&) override {
    __builtin_trap();
  }
  net::ListenerEndpoint& open_listener(std::unique_ptr<net::Socket>,
                                       net::ListenerSink& sink) override {
    listener_sink = &sink;
    return listener;
  }
  net::DatagramEndpoint& open_datagram(std::unique_ptr<net::Socket>,
                                       net::DatagramSink& sink) override {
    datagram_sink = &sink;
    return datagrams;
  }
  unsigned loop_count() const override { return 1; }
  net::Loop& loop(unsigned) override { return test_loop; }
  bool under_memory_pressure() const override { return false; }

  TestLoop test_loop;
  TestListener listener{test_loop};
  TestDatagrams datagrams{test_loop};
  net::ListenerSink* listener_sink = nullptr;
  net::DatagramSink* datagram_sink = nullptr;
};

struct Result {
  bool completed = false;
  NTSTATUS status = STATUS_PENDING;
};

inline NTSTATUS note_completion(PDEVICE_OBJECT, PIRP irp, PVOID context) {
  *static_cast<Result*>(context) = {true, irp->IoStatus.Status};
  IoFreeIrp(irp);
  return STATUS_MORE_PROCESSING_REQUIRED;
}

inline PIRP new_irp(Result& result) {
  PIRP irp = IoAllocateIrp(1, FALSE);
  IoSetCompletionRoutine(irp, note_completion, &result, TRUE, TRUE, TRUE);
  return irp;
}

}  // namespace wskrun::wsk
