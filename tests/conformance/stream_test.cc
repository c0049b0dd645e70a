// Stream sockets: bound first, and then a listening socket or a connection, whichever call comes
// first; and WskConnectEx, which connections have as well.
#include "kit/fixture.h"

namespace wskrun::tests {
namespace {

const Completed kDone = {STATUS_SUCCESS, 0};
const Completed kWrongState = {STATUS_INVALID_DEVICE_STATE, 0};

// A stream socket with the test as the driver.
class Stream {
 public:
  Stream(PWSK_SOCKET socket, std::shared_ptr<ListenerEvents> listen,
         std::shared_ptr<ConnectionEvents> connect)
      : socket_(socket), listen_(std::move(listen)), connect_(std::move(connect)) {}
  ~Stream() {
    if (socket_ == nullptr) return;
    IrpCall call;
    call.start([&](PIRP irp) { return close(irp); });
    EXPECT_EQ(call.wait(), kDone);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  const WSK_PROVIDER_STREAM_DISPATCH& dispatch() const {
    return *static_cast<const WSK_PROVIDER_STREAM_DISPATCH*>(socket_->Dispatch);
  }
  PWSK_SOCKET socket() const { return socket_; }

  NTSTATUS close(PIRP irp) {
    const auto close_socket = dispatch().Basic.WskCloseSocket;
    return close_socket(std::exchange(socket_, nullptr), irp);
  }
  Completed bind(Sockaddr address) const {
    return run([&](PIRP irp) { return dispatch().WskBind(socket_, address.get(), 0, irp); });
  }
  Completed listen() const {
    return run([&](PIRP irp) { return dispatch().WskListen(socket_, irp); });
  }
  Completed connect(Sockaddr address) const {
    return run([&](PIRP irp) { return dispatch().WskConnect(socket_, address.get(), 0, irp); });
  }
  Completed local(Sockaddr& address) const {
    return run(
        [&](PIRP irp) { return dispatch().WskGetLocalAddress(socket_, address.get(), irp); });
  }
  Completed remote(Sockaddr& address) const {
    return run(
        [&](PIRP irp) { return dispatch().WskGetRemoteAddress(socket_, address.get(), irp); });
  }
  Completed send(std::string_view data) const {
    Buffer buffer(data);
    WSK_BUF whole = buffer.whole();
    return run([&](PIRP irp) { return dispatch().WskSend(socket_, &whole, 0, irp); });
  }
  Completed receive(std::string& data, std::size_t size) const {
    Buffer buffer(size);
    WSK_BUF whole = buffer.whole();
    const Completed completed = run(
        [&](PIRP irp) { return dispatch().WskReceive(socket_, &whole, WSK_FLAG_WAITALL, irp); });
    data = buffer.first(completed.information);
    return completed;
  }
  Completed disconnect() const {
    return run([&](PIRP irp) { return dispatch().WskDisconnect(socket_, nullptr, 0, irp); });
  }
  NTSTATUS enable(ULONG events) const {
    WSK_EVENT_CALLBACK_CONTROL control = {&NPI_WSK_INTERFACE_ID, events};
    return dispatch().Basic.WskControlSocket(socket_, WskSetOption, SO_WSK_EVENT_CALLBACK,
                                             SOL_SOCKET, sizeof control, &control, 0, nullptr,
                                             nullptr, nullptr);
  }
  Completed set_option(ULONG level, ULONG option, ULONG value) const {
    return run([&](PIRP irp) {
      return dispatch().Basic.WskControlSocket(socket_, WskSetOption, option, level, sizeof value,
                                               &value, 0, nullptr, nullptr, irp);
    });
  }
  static Completed run(const std::function<NTSTATUS(PIRP)>& start) {
    IrpCall call;
    call.start(start);
    return call.wait();
  }

 private:
  PWSK_SOCKET socket_;
  std::shared_ptr<ListenerEvents> listen_;
  std::shared_ptr<ConnectionEvents> connect_;
};

// The context of a stream socket serves both kinds of callbacks, so a test uses one of them.
class StreamTest : public ConformanceTest {
 protected:
  std::unique_ptr<Stream> new_stream(std::shared_ptr<ListenerEvents> listen,
                                     std::shared_ptr<ConnectionEvents> connect) {
    table_ = {listen ? &ListenerEvents::dispatch : nullptr,
              connect ? &ConnectionEvents::dispatch : nullptr};
    PVOID context = listen ? static_cast<PVOID>(listen.get()) : connect.get();
    const Completed completed = Stream::run([&](PIRP irp) {
      return provider().WskSocket(client(), AF_INET, SOCK_STREAM, IPPROTO_TCP,
                                  WSK_FLAG_STREAM_SOCKET, context, &table_, nullptr, nullptr,
                                  nullptr, irp);
    });
    EXPECT_EQ(completed.status, STATUS_SUCCESS);
    return std::make_unique<Stream>(reinterpret_cast<PWSK_SOCKET>(completed.information),
                                    std::move(listen), std::move(connect));
  }
  std::unique_ptr<Stream> bound_stream(std::shared_ptr<ListenerEvents> listen,
                                       std::shared_ptr<ConnectionEvents> connect) {
    auto stream = new_stream(std::move(listen), std::move(connect));
    EXPECT_EQ(stream->bind(loopback(0)), kDone);
    return stream;
  }
  static std::uint16_t port(const Stream& stream) {
    Sockaddr address;
    EXPECT_EQ(stream.local(address), kDone);
    return port_of(address.storage);
  }

 private:
  WSK_CLIENT_STREAM_DISPATCH table_{};
};

INSTANTIATE_TEST_SUITE_P(, StreamTest, ::testing::ValuesIn(kBackends), name_of);

CONFORMANCE_TEST(StreamTest, ListensAndAccepts) {
  covers("T-001", "T-002", "T-003", "T-005", "T-006", "T-011", "T-012", "T-013", "C-021");
  auto events = std::make_shared<ListenerEvents>();
  const auto stream = bound_stream(events, nullptr);
  EXPECT_EQ(stream->enable(WSK_EVENT_ACCEPT), STATUS_INVALID_DEVICE_STATE);
  EXPECT_EQ(stream->listen(), kDone);
  EXPECT_EQ(stream->enable(WSK_EVENT_ACCEPT), STATUS_SUCCESS);
  Peer peer = Peer::connect(port(*stream));
  const Connection by_event = events->take();
  peer.send("abc");
  EXPECT_EQ(by_event.read(3), "abc");

  auto accepted = std::make_shared<ConnectionEvents>();
  IrpCall accept;
  accept.start([&](PIRP irp) {
    return stream->dispatch().WskAccept(stream->socket(), 0, accepted.get(),
                                        &ConnectionEvents::dispatch, nullptr, nullptr, irp);
  });
  Peer second = Peer::connect(port(*stream));
  const Connection by_call(reinterpret_cast<PWSK_SOCKET>(accept.wait().information), accepted);
  by_call.write("xyz");
  EXPECT_EQ(second.receive(3), "xyz");
}

CONFORMANCE_TEST(StreamTest, ConnectsSendsAndReceives) {
  covers("T-001", "T-012", "T-013", "T-016", "C-040", "C-021");
  PeerListener listener;
  auto events = std::make_shared<ConnectionEvents>();
  const auto stream = bound_stream(nullptr, events);
  Sockaddr address;
  EXPECT_EQ(stream->remote(address), kWrongState);
  EXPECT_EQ(stream->enable(WSK_EVENT_RECEIVE), STATUS_INVALID_DEVICE_STATE);
  EXPECT_EQ(stream->connect(loopback(listener.port())), kDone);
  Peer peer = listener.accept();
  EXPECT_EQ(stream->remote(address), kDone);
  EXPECT_EQ(port_of(address.storage), listener.port());
  EXPECT_EQ(port(*stream), peer.remote_port());

  EXPECT_EQ(stream->send("question"), (Completed{STATUS_SUCCESS, 8}));
  EXPECT_EQ(peer.receive(8), "question");
  peer.send("answer");
  std::string data;
  EXPECT_EQ(stream->receive(data, 6), (Completed{STATUS_SUCCESS, 6}));
  EXPECT_EQ(data, "answer");
  EXPECT_EQ(stream->enable(WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT), STATUS_SUCCESS);
  peer.send("by event");
  events->wait_taken(8);
  peer.shutdown_send();
  events->wait_disconnects(1);
  EXPECT_EQ(stream->disconnect(), kDone);
  EXPECT_TRUE(peer.ends_orderly());
}

CONFORMANCE_TEST(StreamTest, AListenerIsNoConnection) {
  covers("T-007", "T-009", "T-016");
  const auto stream = bound_stream(std::make_shared<ListenerEvents>(), nullptr);
  EXPECT_EQ(stream->listen(), kDone);
  Sockaddr address;
  std::string data;
  EXPECT_EQ(stream->connect(loopback(9)), kWrongState);
  EXPECT_EQ(stream->send("x"), kWrongState);
  EXPECT_EQ(stream->receive(data, 1), kWrongState);
  EXPECT_EQ(stream->disconnect(), kWrongState);
  EXPECT_EQ(stream->remote(address), kWrongState);
  EXPECT_EQ(stream->dispatch().WskRelease(stream->socket(), nullptr), STATUS_INVALID_DEVICE_STATE);
  EXPECT_EQ(Stream::run([&](PIRP irp) {
              Sockaddr remote = loopback(9);
              return stream->dispatch().WskConnectEx(stream->socket(), remote.get(), nullptr, 0,
                                                     irp);
            }),
            kWrongState);
  EXPECT_EQ(stream->listen(), kWrongState);
  EXPECT_EQ(stream->bind(loopback(0)), kWrongState);
}

CONFORMANCE_TEST(StreamTest, AConnectionIsNoListener) {
  covers("T-008", "T-009");
  PeerListener listener;
  const auto stream = bound_stream(nullptr, std::make_shared<ConnectionEvents>());
  EXPECT_EQ(stream->connect(loopback(listener.port())), kDone);
  EXPECT_EQ(stream->listen(), kWrongState);
  EXPECT_EQ(Stream::run([&](PIRP irp) {
              return stream->dispatch().WskAccept(stream->socket(), 0, nullptr, nullptr, nullptr,
                                                  nullptr, irp);
            }),
            kWrongState);
  EXPECT_EQ(stream->connect(loopback(listener.port())), kWrongState);
  EXPECT_EQ(stream->enable(WSK_EVENT_ACCEPT), STATUS_INVALID_PARAMETER);
}

CONFORMANCE_TEST(StreamTest, NothingButBindWorksBeforeIt) {
  covers("T-004", "T-009", "C-023", "C-049");
  const auto stream = new_stream(std::make_shared<ListenerEvents>(), nullptr);
  Sockaddr address;
  EXPECT_EQ(stream->listen(), kWrongState);
  EXPECT_EQ(stream->connect(loopback(9)), kWrongState);
  EXPECT_EQ(stream->local(address), kWrongState);
  EXPECT_EQ(stream->send("x"), kWrongState);
}

CONFORMANCE_TEST(StreamTest, AFailedConnectCommitsToNothing) {
  covers("T-010", "C-032");
  const SilentPort nobody;
  auto events = std::make_shared<ListenerEvents>();
  const auto stream = bound_stream(events, nullptr);
  const std::uint16_t bound = port(*stream);
  EXPECT_EQ(stream->connect(loopback(nobody.port())), (Completed{STATUS_CONNECTION_REFUSED, 0}));
  EXPECT_EQ(stream->connect(loopback(nobody.port())), (Completed{STATUS_CONNECTION_REFUSED, 0}));
  EXPECT_EQ(port(*stream), bound);
  EXPECT_EQ(stream->listen(), kDone);
  EXPECT_EQ(port(*stream), bound);
  EXPECT_EQ(stream->enable(WSK_EVENT_ACCEPT), STATUS_SUCCESS);
  Peer peer = Peer::connect(bound);
  const Connection connection = events->take();
  peer.send("abc");
  EXPECT_EQ(connection.read(3), "abc");
}

CONFORMANCE_TEST(StreamTest, AConnectThatFailedCanSucceedLater) {
  covers("T-010");
  PeerListener listener;
  const SilentPort nobody;
  const auto stream = bound_stream(nullptr, std::make_shared<ConnectionEvents>());
  EXPECT_EQ(stream->connect(loopback(nobody.port())), (Completed{STATUS_CONNECTION_REFUSED, 0}));
  EXPECT_EQ(stream->connect(loopback(listener.port())), kDone);
  Peer peer = listener.accept();
  EXPECT_EQ(stream->send("abc"), (Completed{STATUS_SUCCESS, 3}));
  EXPECT_EQ(peer.receive(3), "abc");
}

CONFORMANCE_TEST(StreamTest, HasTheOptionsOfBothButConditionalAccept) {
  covers("T-014", "K-013", "T-001");
  const auto stream = new_stream(std::make_shared<ListenerEvents>(), nullptr);
  EXPECT_EQ(stream->set_option(SOL_SOCKET, SO_KEEPALIVE, 1), kDone);
  EXPECT_EQ(stream->set_option(SOL_SOCKET, SO_RCVBUF, 100'000), kDone);
  EXPECT_EQ(stream->set_option(IPPROTO_TCP, TCP_NODELAY, 1), kDone);
  EXPECT_EQ(stream->set_option(SOL_SOCKET, SO_CONDITIONAL_ACCEPT, 1),
            (Completed{STATUS_NOT_SUPPORTED, 0}));
  EXPECT_EQ(stream->set_option(SOL_SOCKET, SO_BROADCAST, 1),
            (Completed{STATUS_INVALID_DEVICE_REQUEST, 0}));
  EXPECT_EQ(stream->bind(loopback(0)), kDone);
  EXPECT_EQ(stream->listen(), kDone);
  EXPECT_EQ(stream->set_option(SOL_SOCKET, SO_KEEPALIVE, 0), kDone);
}

CONFORMANCE_TEST(StreamTest, CloseCancelsWhatWaitsInEitherFlow) {
  covers("X-004", "X-006");
  PeerListener listener;
  for (const bool listens : {true, false}) {
    const auto stream = listens ? bound_stream(std::make_shared<ListenerEvents>(), nullptr)
                                : bound_stream(nullptr, std::make_shared<ConnectionEvents>());
    Buffer buffer(1);
    WSK_BUF whole = buffer.whole();
    IrpCall waiting, close;
    EXPECT_EQ(listens ? stream->listen() : stream->connect(loopback(listener.port())), kDone);
    waiting.start([&](PIRP irp) {
      return listens ? stream->dispatch().WskAccept(stream->socket(), 0, nullptr, nullptr, nullptr,
                                                    nullptr, irp)
                     : stream->dispatch().WskReceive(stream->socket(), &whole, 0, irp);
    });
    bool was_done = false;
    close.on_completion([&] { was_done = waiting.completed(); });
    close.start([&](PIRP irp) { return stream->close(irp); });
    EXPECT_EQ(close.wait(), kDone);
    EXPECT_TRUE(was_done);
    EXPECT_EQ(waiting.wait(), (Completed{STATUS_CANCELLED, 0}));
  }
}

CONFORMANCE_TEST(StreamTest, ReservedMembersAnswerThatTheyAreNotSupported) {
  covers("T-015");
  const auto stream = new_stream(std::make_shared<ListenerEvents>(), nullptr);
  EXPECT_EQ(Stream::run([&](PIRP irp) {
              return stream->dispatch().WskSendEx(stream->socket(), nullptr, 0, 0, nullptr, irp);
            }),
            (Completed{STATUS_NOT_SUPPORTED, 0}));
  EXPECT_EQ(Stream::run([&](PIRP irp) {
              return stream->dispatch().WskReceiveEx(stream->socket(), nullptr, 0, nullptr, nullptr,
                                                     nullptr, irp);
            }),
            (Completed{STATUS_NOT_SUPPORTED, 0}));
}

// ---- WskConnectEx

CONFORMANCE_SUITE(ConnectEx);

Connection bound(Connection socket) {
  Sockaddr local = wildcard(0);
  IrpCall call;
  call.start([&](PIRP irp) { return socket.bind(local.get(), 0, irp); });
  if (call.wait() != kDone) throw std::runtime_error("WskBind failed");
  return socket;
}

Completed connect_ex(const Connection& socket, Sockaddr remote, PWSK_BUF buffer, ULONG flags = 0) {
  IrpCall call;
  call.start([&](PIRP irp) {
    return socket.dispatch().WskConnectEx(socket.socket(), remote.get(), buffer, flags, irp);
  });
  return call.wait();
}

CONFORMANCE_TEST(ConnectEx, SendsTheFirstBytes) {
  covers("C-034", "C-037", "C-038");
  PeerListener listener;
  const Connection socket = bound(new_connection());
  Buffer data({5, 0, 3, 8});
  WSK_BUF part = data.part(2, 14);
  EXPECT_EQ(connect_ex(socket, loopback(listener.port()), &part), kDone);
  Peer peer = listener.accept();
  EXPECT_EQ(peer.receive(14), std::string(14, Buffer::kUntouched));
  socket.write("next");
  EXPECT_EQ(peer.receive(4), "next");
  EXPECT_TRUE(data.guards_intact());
}

CONFORMANCE_TEST(ConnectEx, WithoutBufferItIsWskConnect) {
  covers("C-034");
  PeerListener listener;
  const Connection socket = bound(new_connection());
  EXPECT_EQ(connect_ex(socket, loopback(listener.port()), nullptr), kDone);
  Peer peer = listener.accept();
  socket.write("x");
  EXPECT_EQ(peer.receive(1), "x");
  const SilentPort nobody;
  const Connection other = bound(new_connection());
  EXPECT_EQ(connect_ex(other, loopback(nobody.port()), nullptr),
            (Completed{STATUS_CONNECTION_REFUSED, 0}));
}

CONFORMANCE_TEST(ConnectEx, TheBufferMayBe65535BytesLong) {
  covers("C-036", "C-037");
  PeerListener listener;
  const Connection socket = bound(new_connection());
  Buffer data(pattern(65'536));
  WSK_BUF too_long = data.whole();
  WSK_BUF longest = data.part(0, 65'535);
  EXPECT_EQ(connect_ex(socket, loopback(listener.port()), &too_long),
            (Completed{STATUS_BUFFER_OVERFLOW, 0}));
  EXPECT_EQ(connect_ex(socket, loopback(listener.port()), &longest), kDone);
  Peer peer = listener.accept();
  EXPECT_TRUE(peer.receive(65'535) == pattern(65'535));
}

CONFORMANCE_TEST(ConnectEx, ChecksFlagsThenSizeThenState) {
  covers("C-035", "C-036", "C-034");
  const Connection unbound = new_connection();
  Buffer data(std::size_t{65'536});
  WSK_BUF too_long = data.whole();
  const Sockaddr somewhere = loopback(9);
  EXPECT_EQ(connect_ex(unbound, somewhere, &too_long, 1), (Completed{STATUS_INVALID_PARAMETER, 0}));
  EXPECT_EQ(connect_ex(unbound, somewhere, &too_long), (Completed{STATUS_BUFFER_OVERFLOW, 0}));
  EXPECT_EQ(connect_ex(unbound, somewhere, nullptr), kWrongState);
  Sockaddr remote = somewhere;
  EXPECT_EQ(unbound.dispatch().WskConnectEx(unbound.socket(), remote.get(), nullptr, 0, nullptr),
            STATUS_INVALID_PARAMETER);
}

CONFORMANCE_TEST(ConnectEx, WorksWithFastOpen) {
  covers("C-039", "K-012");
  PeerListener listener;
  const Connection socket = bound(new_connection());
  ULONG on = 1;
  IrpCall call;
  call.start([&](PIRP irp) {
    return socket.dispatch().Basic.WskControlSocket(socket.socket(), WskSetOption, TCP_FASTOPEN,
                                                    IPPROTO_TCP, sizeof on, &on, 0, nullptr,
                                                    nullptr, irp);
  });
  EXPECT_EQ(call.wait(), kDone);
  Buffer data("early data");
  WSK_BUF whole = data.whole();
  EXPECT_EQ(connect_ex(socket, loopback(listener.port()), &whole), kDone);
  Peer peer = listener.accept();
  EXPECT_EQ(peer.receive(10), "early data");
}

CONFORMANCE_TEST(ConnectEx, CloseEndsIt) {
  covers("X-004");
  PeerListener listener;
  Connection socket = bound(new_connection());
  Buffer data(pattern(65'535));
  WSK_BUF whole = data.whole();
  Sockaddr remote = loopback(listener.port());
  IrpCall connect, close;
  connect.start([&](PIRP irp) {
    return socket.dispatch().WskConnectEx(socket.socket(), remote.get(), &whole, 0, irp);
  });
  close.start([&](PIRP irp) { return socket.close(irp); });
  EXPECT_EQ(close.wait(), kDone);
  const NTSTATUS status = connect.wait().status;
  EXPECT_TRUE(status == STATUS_SUCCESS || status == STATUS_CANCELLED) << std::hex << status;
}

}  // namespace
}  // namespace wskrun::tests
