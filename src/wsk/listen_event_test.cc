// WskAcceptEvent, and the events that accepted sockets start with.
#include <gtest/gtest.h>
#include <wsk.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "wsk/listen_test_kit.h"

namespace wskrun::wsk {
namespace {

class AcceptEvent : public Listen {};

INSTANTIATE_TEST_SUITE_P(, AcceptEvent, testing::Values("uring", "epoll"),
                         [](const auto& info) { return std::string(info.param); });

// Waits until WskAcceptEvent has returned `count` times.
void await_calls(const Listener& listener, int count) {
  while (listener.calls < count) std::this_thread::yield();
}

TEST_P(AcceptEvent, AcceptEventGetsEachConnection) {  // L-016, L-022, L-014, E-016
  std::vector<PWSK_SOCKET> accepted;
  Listener driver;
  driver.answer = [&](PWSK_SOCKET socket, PVOID*, auto**) {
    accepted.push_back(socket);
    return STATUS_SUCCESS;
  };
  PWSK_SOCKET listener = bound_listener(&driver);
  std::vector<PWSK_SOCKET> clients;
  for (int index = 0; index < 20; ++index) clients.push_back(connect(port_of(listener)));
  EXPECT_EQ(driver.calls, 0);
  Call call;
  EXPECT_EQ(events(listener, WSK_EVENT_ACCEPT, call.irp()), STATUS_SUCCESS);
  EXPECT_TRUE(call.completed());
  for (int index = 0; index < 20; ++index) clients.push_back(connect(port_of(listener)));
  await_calls(driver, 40);
  close(listener);
  EXPECT_FALSE(driver.overlapped);
  for (PWSK_SOCKET socket : accepted) close(socket);
  for (PWSK_SOCKET socket : clients) close(socket);
}

TEST_P(AcceptEvent, RefusedConnectionIsClosed) {  // L-024, L-026
  Listener driver;
  std::atomic<NTSTATUS> answer{STATUS_SUCCESS};
  driver.answer = [&](PWSK_SOCKET, PVOID*, auto**) { return answer.load(); };
  PWSK_SOCKET listener = bound_listener(&driver);
  EXPECT_EQ(events(listener, WSK_EVENT_ACCEPT), STATUS_SUCCESS);
  for (const NTSTATUS refusal : {STATUS_REQUEST_NOT_ACCEPTED, STATUS_UNSUCCESSFUL}) {
    answer = refusal;
    EXPECT_EQ(connect_and_be_reset(port_of(listener)), STATUS_CONNECTION_RESET);
  }
  close(listener);
}

TEST_P(AcceptEvent, PendingAcceptGoesBeforeTheEvent) {  // L-011
  Listener driver;
  driver.answer = [](PWSK_SOCKET, PVOID*, auto**) { return STATUS_REQUEST_NOT_ACCEPTED; };
  PWSK_SOCKET listener = bound_listener(&driver);
  Call call;
  EXPECT_EQ(accept(listener, call), STATUS_PENDING);
  EXPECT_EQ(events(listener, WSK_EVENT_ACCEPT), STATUS_SUCCESS);
  PWSK_SOCKET client = connect(port_of(listener));
  EXPECT_EQ(call.wait(), STATUS_SUCCESS);
  EXPECT_EQ(driver.calls, 0);
  for (PWSK_SOCKET socket : {client, call.socket(), listener}) close(socket);
}

TEST_P(AcceptEvent, EventRules) {  // E-004, E-006, E-009, E-017, E-020, E-032, E-033
  Listener driver;
  driver.answer = [](PWSK_SOCKET, PVOID*, auto**) { return STATUS_REQUEST_NOT_ACCEPTED; };
  PWSK_SOCKET listener = bound_listener(&driver);
  const auto disable = [](ULONG event) { return ULONG{WSK_EVENT_DISABLE} | event; };
  EXPECT_EQ(events(listener, WSK_EVENT_RECEIVE_FROM), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(events(listener, 0), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(events(listener, disable(0)), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(events(listener, disable(WSK_EVENT_ACCEPT | WSK_EVENT_RECEIVE)),
            STATUS_INVALID_PARAMETER);
  EXPECT_EQ(events(listener, disable(WSK_EVENT_ACCEPT)), STATUS_SUCCESS);
  EXPECT_EQ(events(listener, WSK_EVENT_ACCEPT | WSK_EVENT_RECEIVE), STATUS_SUCCESS);
  EXPECT_EQ(events(listener, disable(WSK_EVENT_RECEIVE)), STATUS_NOT_SUPPORTED);
  EXPECT_EQ(events(listener, disable(WSK_EVENT_ACCEPT)), STATUS_SUCCESS);
  close(listener);
  PWSK_SOCKET without_table = bound_listener();
  EXPECT_EQ(events(without_table, WSK_EVENT_ACCEPT), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(events(without_table, WSK_EVENT_RECEIVE), STATUS_SUCCESS);
  close(without_table);
}

TEST_P(AcceptEvent, DisableInsideTheCallbackEndsAfterIt) {  // E-023, E-024, E-027
  Listener driver;
  PWSK_SOCKET listener = bound_listener(&driver);
  Call disable;
  driver.answer = [&](PWSK_SOCKET, PVOID*, auto**) {
    constexpr ULONG kDisable = WSK_EVENT_DISABLE | WSK_EVENT_ACCEPT;
    EXPECT_EQ(events(listener, kDisable, disable.irp()), STATUS_PENDING);
    EXPECT_EQ(events(listener, kDisable), STATUS_EVENT_PENDING);
    EXPECT_FALSE(disable.completed());
    return STATUS_REQUEST_NOT_ACCEPTED;
  };
  EXPECT_EQ(events(listener, WSK_EVENT_ACCEPT), STATUS_SUCCESS);
  EXPECT_EQ(connect_and_be_reset(port_of(listener)), STATUS_CONNECTION_RESET);
  EXPECT_EQ(disable.wait(), STATUS_SUCCESS);
  close(listener);
}

TEST_P(AcceptEvent, CloseInsideTheCallbackEndsAfterIt) {
  Listener driver;
  PWSK_SOCKET listener = bound_listener(&driver);
  Call closing;
  driver.answer = [&](PWSK_SOCKET, PVOID*, auto**) {
    EXPECT_EQ(basic(listener).WskCloseSocket(listener, closing.irp()), STATUS_PENDING);
    EXPECT_FALSE(closing.completed());
    return STATUS_REQUEST_NOT_ACCEPTED;
  };
  const USHORT port = port_of(listener);
  EXPECT_EQ(events(listener, WSK_EVENT_ACCEPT), STATUS_SUCCESS);
  EXPECT_EQ(connect_and_be_reset(port), STATUS_CONNECTION_RESET);
  EXPECT_EQ(closing.wait(), STATUS_SUCCESS);
  EXPECT_EQ(driver.calls, 1);
}

// The driver of an accepted socket: counts the bytes it is told of.
struct Accepted {
  std::atomic<SIZE_T> bytes{0};
  std::atomic<bool> known{false};  // WskAcceptEvent has returned.
  static NTSTATUS WSKAPI on_receive(PVOID context, ULONG, PWSK_DATA_INDICATION, SIZE_T indicated,
                                    SIZE_T*) {
    static_cast<Accepted*>(context)->bytes += indicated;
    return STATUS_SUCCESS;
  }
  static constexpr WSK_CLIENT_CONNECTION_DISPATCH kDispatch = {on_receive, nullptr, nullptr};
};

void send(PWSK_SOCKET socket, char* text, ULONG size) {
  PMDL mdl = IoAllocateMdl(text, size, FALSE, FALSE, nullptr);
  MmBuildMdlForNonPagedPool(mdl);
  WSK_BUF buffer = {mdl, 0, size};
  Call call;
  static_cast<const WSK_PROVIDER_CONNECTION_DISPATCH*>(socket->Dispatch)
      ->WskSend(socket, &buffer, 0, call.irp());
  EXPECT_EQ(call.wait(), STATUS_SUCCESS);
  IoFreeMdl(mdl);
}

TEST_P(AcceptEvent, AcceptedSocketInheritsEvents) {  // E-030, E-034
  Listener driver;
  Accepted connection;
  PWSK_SOCKET accepted = nullptr;
  driver.answer = [&](PWSK_SOCKET socket, PVOID* context, auto** dispatch) {
    accepted = socket;
    *context = &connection;
    *dispatch = &Accepted::kDispatch;
    return STATUS_SUCCESS;
  };
  PWSK_SOCKET listener = bound_listener(&driver);
  EXPECT_EQ(events(listener, WSK_EVENT_ACCEPT | WSK_EVENT_RECEIVE), STATUS_SUCCESS);
  PWSK_SOCKET client = connect(port_of(listener));
  char text[] = "hello";
  send(client, text, 5);
  while (connection.bytes < 5) std::this_thread::yield();
  Call disable;
  events(accepted, WSK_EVENT_DISABLE | WSK_EVENT_RECEIVE, disable.irp());
  EXPECT_EQ(disable.wait(), STATUS_SUCCESS);
  for (PWSK_SOCKET socket : {client, accepted, listener}) close(socket);
}

TEST_P(AcceptEvent, StaticEventsNeedNoCall) {  // E-037, E-040, E-043
  WSK_EVENT_CALLBACK_CONTROL control = {&NPI_WSK_INTERFACE_ID,
                                        WSK_EVENT_ACCEPT | WSK_EVENT_RECEIVE};
  ASSERT_EQ(npi_.Dispatch->WskControlClient(npi_.Client, WSK_SET_STATIC_EVENT_CALLBACKS,
                                            sizeof control, &control, 0, nullptr, nullptr, nullptr),
            STATUS_SUCCESS);
  Listener driver;
  Accepted connection;
  PWSK_SOCKET accepted = nullptr;
  driver.answer = [&](PWSK_SOCKET socket, PVOID* context, auto** dispatch) {
    accepted = socket;
    *context = &connection;
    *dispatch = &Accepted::kDispatch;
    return STATUS_SUCCESS;
  };
  PWSK_SOCKET listener = bound_listener(&driver);
  EXPECT_EQ(events(listener, WSK_EVENT_DISABLE | WSK_EVENT_ACCEPT), STATUS_NOT_SUPPORTED);
  PWSK_SOCKET client = connect(port_of(listener));
  char text[] = "hello";
  send(client, text, 5);
  while (connection.bytes < 5) std::this_thread::yield();
  for (PWSK_SOCKET socket : {client, accepted, listener}) close(socket);
}

}  // namespace
}  // namespace wskrun::wsk
