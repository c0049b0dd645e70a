// What a datagram socket does when its endpoint fails.
#include <gtest/gtest.h>
#include <wsk.h>

#include <memory>

#include "kit/covers.h"
#include "wsk/datagram.h"
#include "wsk/dead_test_kit.h"
#include "wsk/subsystem.h"

namespace wskrun::wsk {
namespace {

using tests::covers;

int dead_calls = 0;

NTSTATUS WSKAPI on_receive_from(PVOID, ULONG, PWSK_DATAGRAM_INDICATION list) {
  EXPECT_EQ(list, nullptr);
  ++dead_calls;
  return STATUS_SUCCESS;
}

constexpr WSK_CLIENT_DATAGRAM_DISPATCH kDispatch = {on_receive_from};

// A bound datagram socket over the test's endpoint.
class DeadDatagram : public testing::Test {
 protected:
  void SetUp() override {
    dead_calls = 0;
    auto* udp =
        new DatagramSocket(base::RefPtr<Client>::share(&client_), std::make_unique<TestSocket>(),
                           net::Family::kIpv4, nullptr, &kDispatch, nullptr);
    socket_ = udp->wsk_socket();
    SOCKADDR_IN address = {};
    address.sin_family = AF_INET;
    EXPECT_EQ(
        dispatch().WskBind(socket_, reinterpret_cast<PSOCKADDR>(&address), 0, new_irp(bound_)),
        STATUS_SUCCESS);
  }
  void TearDown() override {
    Result closed;
    EXPECT_EQ(dispatch().Basic.WskCloseSocket(socket_, new_irp(closed)), STATUS_PENDING);
    EXPECT_TRUE(transport_.datagrams.closed);
    transport_.datagram_sink->closed();
    EXPECT_TRUE(closed.completed);
  }

  const WSK_PROVIDER_DATAGRAM_DISPATCH& dispatch() const {
    return *static_cast<const WSK_PROVIDER_DATAGRAM_DISPATCH*>(socket_->Dispatch);
  }
  NTSTATUS receive(Result& result) {
    WSK_BUF nothing = {nullptr, 0, 0};
    return dispatch().WskReceiveFrom(socket_, &nothing, 0, nullptr, nullptr, nullptr, nullptr,
                                     new_irp(result));
  }
  NTSTATUS enable_receive_event() {
    WSK_EVENT_CALLBACK_CONTROL control = {&NPI_WSK_INTERFACE_ID, WSK_EVENT_RECEIVE_FROM};
    return dispatch().Basic.WskControlSocket(socket_, WskSetOption, SO_WSK_EVENT_CALLBACK,
                                             SOL_SOCKET, sizeof control, &control, 0, nullptr,
                                             nullptr, nullptr);
  }

  TestTransport transport_;
  Subsystem subsystem_{transport_};
  Client client_{subsystem_, nullptr};
  Result bound_;
  PWSK_SOCKET socket_ = nullptr;
};

TEST_F(DeadDatagram, EndsPendingReceivesAndRefusesFurtherOnes) {
  covers("D-001", "I-027");
  Result pending;
  EXPECT_EQ(receive(pending), STATUS_PENDING);
  transport_.datagram_sink->failed(net::Error(ENETDOWN));
  EXPECT_EQ(pending.status, STATUS_FILE_FORCED_CLOSED);
  Result late;
  EXPECT_EQ(receive(late), STATUS_FILE_FORCED_CLOSED);
  EXPECT_EQ(late.status, STATUS_FILE_FORCED_CLOSED);
}

TEST_F(DeadDatagram, TellsTheReceiveFromEventOnce) {
  covers("D-022");
  EXPECT_EQ(enable_receive_event(), STATUS_SUCCESS);
  transport_.test_loop.run();
  EXPECT_EQ(dead_calls, 0);
  transport_.datagram_sink->failed(net::Error(ENETDOWN));
  EXPECT_EQ(dead_calls, 1);
}

}  // namespace
}  // namespace wskrun::wsk
