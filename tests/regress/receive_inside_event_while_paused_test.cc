// More had arrived than a socket queues, so its endpoint was paused. WskReceive, called while
// WskReceiveEvent was looking at that data, was given it once the callback had refused it; but
// nobody noticed that the queue was empty then, the endpoint stayed paused, and a receive that
// wanted more waited for ever.
#include "kit/fixture.h"

namespace wskrun::tests {
namespace {

CONFORMANCE_SUITE(ReceiveInsideEventWhilePaused);

CONFORMANCE_TEST(ReceiveInsideEventWhilePaused, GetsAllThatComes) {
  covers("R-064", "R-067");
  auto pair = connect_pair();
  Connection& socket = pair.first;
  Peer& peer = pair.second;
  socket.events().answer([](ReceiveCall&) { return STATUS_DATA_NOT_ACCEPTED; });
  socket.enable(WSK_EVENT_RECEIVE);
  const std::string sent = pattern(kMoreThanTheKernelTakes);
  std::size_t fitted = peer.send_what_fits("x");
  socket.events().wait_receive_calls(1);
  while (const std::size_t step = peer.send_what_fits(std::string_view(sent).substr(fitted - 1))) {
    fitted += step;  // Until every window is closed.
  }

  Buffer rest(fitted - 1);
  IrpCall receive;
  bool started = false;
  socket.events().answer([&](ReceiveCall&) {
    if (!std::exchange(started, true)) {
      receive.start([&](PIRP irp) { return socket.receive(rest.whole(), WSK_FLAG_WAITALL, irp); });
    }
    return STATUS_DATA_NOT_ACCEPTED;
  });
  EXPECT_EQ(socket.read(1), "x");  // Restarts the callback.

  EXPECT_EQ(receive.wait(), (Completed{STATUS_SUCCESS, fitted - 1}));
  EXPECT_TRUE(rest.bytes() == sent.substr(0, fitted - 1));
}

}  // namespace
}  // namespace wskrun::tests
