// What a listening socket does when its endpoint fails.
#include <gtest/gtest.h>
#include <wsk.h>

#include <memory>

#include "kit/covers.h"
#include "wsk/dead_test_kit.h"
#include "wsk/listen.h"
#include "wsk/subsystem.h"

namespace wskrun::wsk {
namespace {

using tests::covers;

int dead_calls = 0;
int inspections = 0;
int dead_inspections = 0;

NTSTATUS WSKAPI on_accept(PVOID, ULONG, PSOCKADDR, PSOCKADDR, PWSK_SOCKET socket, PVOID*,
                          const WSK_CLIENT_CONNECTION_DISPATCH**) {
  EXPECT_EQ(socket, nullptr);
  ++dead_calls;
  return STATUS_REQUEST_NOT_ACCEPTED;
}

WSK_INSPECT_ACTION WSKAPI on_inspect(PVOID, PSOCKADDR, PSOCKADDR, PWSK_INSPECT_ID id) {
  ++(id != nullptr ? inspections : dead_inspections);
  return WskInspectReject;
}

NTSTATUS WSKAPI on_abort(PVOID, PWSK_INSPECT_ID) {
  ADD_FAILURE() << "WskAbortEvent";
  return STATUS_SUCCESS;
}

constexpr WSK_CLIENT_LISTEN_DISPATCH kDispatch = {on_accept, on_inspect, on_abort};

// A bound listener over the test's endpoint.
class DeadListener : public testing::Test {
 protected:
  void SetUp() override { bind_listener(/*conditional=*/false); }
  void bind_listener(bool conditional) {
    dead_calls = inspections = dead_inspections = 0;
    auto* tcp =
        new ListenSocket(base::RefPtr<Client>::share(&client_), std::make_unique<TestSocket>(),
                         net::Family::kIpv4, nullptr, &kDispatch, nullptr);
    listener_ = tcp->wsk_socket();
    EXPECT_EQ(tcp->set_conditional_accept(conditional), STATUS_SUCCESS);
    SOCKADDR_IN address = {};
    address.sin_family = AF_INET;
    EXPECT_EQ(
        dispatch().WskBind(listener_, reinterpret_cast<PSOCKADDR>(&address), 0, new_irp(bound_)),
        STATUS_SUCCESS);
  }
  void TearDown() override {
    Result closed;
    EXPECT_EQ(dispatch().Basic.WskCloseSocket(listener_, new_irp(closed)), STATUS_PENDING);
    EXPECT_TRUE(transport_.listener.closed);
    EXPECT_FALSE(closed.completed);
    transport_.listener_sink->closed();
    EXPECT_TRUE(closed.completed);
  }

  const WSK_PROVIDER_LISTEN_DISPATCH& dispatch() const {
    return *static_cast<const WSK_PROVIDER_LISTEN_DISPATCH*>(listener_->Dispatch);
  }
  NTSTATUS enable_accept_event() {
    WSK_EVENT_CALLBACK_CONTROL control = {&NPI_WSK_INTERFACE_ID, WSK_EVENT_ACCEPT};
    return dispatch().Basic.WskControlSocket(listener_, WskSetOption, SO_WSK_EVENT_CALLBACK,
                                             SOL_SOCKET, sizeof control, &control, 0, nullptr,
                                             nullptr, nullptr);
  }

  TestTransport transport_;
  Subsystem subsystem_{transport_};
  Client client_{subsystem_, nullptr};
  Result bound_;
  PWSK_SOCKET listener_ = nullptr;
};

TEST_F(DeadListener, EndsPendingAcceptsAndRefusesFurtherOnes) {
  covers("L-003", "I-027");
  Result pending;
  EXPECT_EQ(
      dispatch().WskAccept(listener_, 0, nullptr, nullptr, nullptr, nullptr, new_irp(pending)),
      STATUS_PENDING);
  transport_.listener_sink->failed(net::Error(ENETDOWN));
  EXPECT_EQ(pending.status, STATUS_FILE_FORCED_CLOSED);
  Result late;
  EXPECT_EQ(dispatch().WskAccept(listener_, 0, nullptr, nullptr, nullptr, nullptr, new_irp(late)),
            STATUS_FILE_FORCED_CLOSED);
  EXPECT_EQ(late.status, STATUS_FILE_FORCED_CLOSED);
  EXPECT_EQ(enable_accept_event(), STATUS_FILE_FORCED_CLOSED);
}

TEST_F(DeadListener, TellsTheAcceptEventOnce) {
  covers("L-020");
  EXPECT_EQ(enable_accept_event(), STATUS_SUCCESS);
  transport_.test_loop.run();
  EXPECT_EQ(dead_calls, 0);
  transport_.listener_sink->failed(net::Error(ENETDOWN));
  EXPECT_EQ(dead_calls, 1);
}

class DeadConditionalListener : public DeadListener {
 protected:
  void SetUp() override { bind_listener(/*conditional=*/true); }
};

TEST_F(DeadConditionalListener, TellsTheInspectEventOnce) {
  covers("L-034");
  transport_.listener_sink->accepted(std::make_unique<TestSocket>());
  EXPECT_EQ(inspections, 1);
  EXPECT_EQ(dead_inspections, 0);
  transport_.listener_sink->failed(net::Error(ENETDOWN));
  EXPECT_EQ(dead_inspections, 1);
  Result late;
  WSK_INSPECT_ID id{};
  EXPECT_EQ(dispatch().WskInspectComplete(listener_, &id, WskInspectAccept, new_irp(late)),
            STATUS_FILE_FORCED_CLOSED);
  EXPECT_EQ(late.status, STATUS_FILE_FORCED_CLOSED);
}

TEST_F(DeadConditionalListener, TellsTheAcceptEventInsteadWhereItIsEnabled) {
  covers("L-020", "L-034");
  EXPECT_EQ(enable_accept_event(), STATUS_SUCCESS);
  transport_.test_loop.run();
  transport_.listener_sink->failed(net::Error(ENETDOWN));
  EXPECT_EQ(dead_calls, 1);
  EXPECT_EQ(dead_inspections, 0);
}

TEST_F(DeadListener, FetchesOnlySoManyConnectionsAhead) {
  covers("L-014");
  EXPECT_TRUE(transport_.listener.accepting);
  for (int count = 0; count < 16; ++count)
    transport_.listener_sink->accepted(std::make_unique<TestSocket>());
  EXPECT_FALSE(transport_.listener.accepting);
}

}  // namespace
}  // namespace wskrun::wsk
