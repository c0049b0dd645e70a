// Ten thousand connections, a thousand at a time: opened, used and closed, accepted and connected
// in turn, ended in every way there is.
#include <vector>

#include "kit/fixture.h"

namespace wskrun::tests {
namespace {

CONFORMANCE_SUITE(ManyConnections);

struct Pair {
  Connection socket;
  Peer peer;
};

// Says something in both directions; the driver hears it by WskReceive or by WskReceiveEvent.
void use(Pair& pair, std::size_t number) {
  auto& [socket, peer] = pair;
  const std::string said = "connection " + std::to_string(number);
  if (number % 2 == 0) socket.enable(WSK_EVENT_RECEIVE);
  peer.send(said);
  if (number % 2 == 0) {
    socket.events().wait_taken(said.size());
    EXPECT_EQ(socket.events().taken(), said);
  } else {
    EXPECT_EQ(socket.read(said.size()), said);
  }
  socket.write(said);
  EXPECT_EQ(peer.receive(said.size()), said);
}

// How a pair ends. What takes its time (the peer's system acknowledges a FIN when it pleases) takes
// it for all pairs at once.
enum class Ending { kDriverDisconnects, kPeerDisconnects, kPeerResets, kDriverCloses };
Ending ending_of(std::size_t number) {
  return static_cast<Ending>(number / 2 % 4);
}

void begin_end(Pair& pair, std::size_t number, IrpCall& disconnect) {
  const Ending ending = ending_of(number);
  if (ending == Ending::kPeerDisconnects) pair.peer.shutdown_send();
  if (ending == Ending::kPeerResets) pair.peer.reset();
  if (ending == Ending::kDriverDisconnects || ending == Ending::kPeerDisconnects) {
    disconnect.start([&](PIRP irp) { return pair.socket.disconnect(nullptr, 0, irp); });
  }
}

void end(Pair& pair, std::size_t number, IrpCall& disconnect) {
  const Ending ending = ending_of(number);
  if (ending != Ending::kDriverDisconnects && ending != Ending::kPeerDisconnects) return;
  EXPECT_EQ(disconnect.wait(), (Completed{STATUS_SUCCESS, 0}));
  EXPECT_TRUE(pair.peer.ends_orderly());
}

CONFORMANCE_TEST(ManyConnections, AreOpenedUsedAndClosed) {
  covers("C-012", "L-010", "X-001");
  constexpr std::size_t kWaves = 10;
  constexpr std::size_t kConnections = 1'000;
  const Listener listener = listen();
  PeerListener peer_listener;
  for (std::size_t wave = 0; wave < kWaves; ++wave) {
    std::vector<Pair> pairs;
    for (std::size_t i = 0; i < kConnections / 2; ++i) {
      Peer peer = Peer::connect(listener.port());
      pairs.push_back({listener.accept(), std::move(peer)});
      Connection connected = connect_to(peer_listener.port());
      pairs.push_back({std::move(connected), peer_listener.accept()});
    }
    for (std::size_t i = 0; i < pairs.size(); ++i) use(pairs[i], i);
    std::vector<IrpCall> disconnects(pairs.size());
    for (std::size_t i = 0; i < pairs.size(); ++i) begin_end(pairs[i], i, disconnects[i]);
    for (std::size_t i = 0; i < pairs.size(); ++i) end(pairs[i], i, disconnects[i]);
  }
}

}  // namespace
}  // namespace wskrun::tests
