// Inside WskAcceptEvent a driver called WskSend and WskReceive on the new socket, and the peer
// answered before the callback returned. The WskReceive took its part of the answer; the rest came
// before the socket's events were enabled, so nobody was told of it, and WskReceiveEvent was not
// called until the peer sent more.
#include <atomic>

#include "kit/fixture.h"

namespace wskrun::tests {
namespace {

CONFORMANCE_SUITE(AcceptEventBytesComeEarly);

CONFORMANCE_TEST(AcceptEventBytesComeEarly, AreIndicatedAfterTheCallback) {
  covers("L-027");
  const Listener listener = listen();
  auto events = std::make_shared<ConnectionEvents>();
  Buffer two(2);
  WSK_BUF in = two.whole();
  IrpCall receive;
  std::atomic<PWSK_SOCKET> accepted = nullptr;
  listener.events().answer([&](AcceptCall& call) {
    const auto& dispatch =
        *static_cast<const WSK_PROVIDER_CONNECTION_DISPATCH*>(call.socket->Dispatch);
    receive.start(
        [&](PIRP irp) { return dispatch.WskReceive(call.socket, &in, WSK_FLAG_WAITALL, irp); });
    // The connection lives on the other processor, which is free to complete the receive.
    while (!receive.completed()) YieldProcessor();
    *call.accept_context = events.get();
    *call.accept_dispatch = &ConnectionEvents::dispatch;
    accepted = call.socket;
    return STATUS_SUCCESS;
  });
  listener.enable(WSK_EVENT_ACCEPT | WSK_EVENT_RECEIVE);

  Peer peer = Peer::connect(listener.port());
  peer.send("ok, more");

  events->wait_taken(6);
  EXPECT_EQ(events->taken(), ", more");
  listener.events().wait_calls(1);
  const Connection connection(accepted.load(), events);
}

CONFORMANCE_TEST(AcceptEventBytesComeEarly, TheEndIsIndicatedAfterTheCallback) {
  covers("L-027");
  const Listener listener = listen();
  auto events = std::make_shared<ConnectionEvents>();
  Buffer three(3);
  WSK_BUF in = three.whole();
  IrpCall receive;
  std::atomic<PWSK_SOCKET> accepted = nullptr;
  listener.events().answer([&](AcceptCall& call) {
    const auto& dispatch =
        *static_cast<const WSK_PROVIDER_CONNECTION_DISPATCH*>(call.socket->Dispatch);
    receive.start(
        [&](PIRP irp) { return dispatch.WskReceive(call.socket, &in, WSK_FLAG_WAITALL, irp); });
    while (!receive.completed()) YieldProcessor();  // Short: by the peer's FIN.
    *call.accept_context = events.get();
    *call.accept_dispatch = &ConnectionEvents::dispatch;
    accepted = call.socket;
    return STATUS_SUCCESS;
  });
  listener.enable(WSK_EVENT_ACCEPT | WSK_EVENT_DISCONNECT);

  Peer peer = Peer::connect(listener.port());
  peer.send("ok");
  peer.shutdown_send();

  events->wait_disconnects(1);
  listener.events().wait_calls(1);
  const Connection connection(accepted.load(), events);
}

}  // namespace
}  // namespace wskrun::tests
