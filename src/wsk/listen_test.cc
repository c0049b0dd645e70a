// A listening socket without events: bind, accept, options, close.
#include <gtest/gtest.h>
#include <wsk.h>

#include <string>
#include <thread>
#include <vector>

#include "wsk/listen_test_kit.h"

namespace wskrun::wsk {
namespace {

INSTANTIATE_TEST_SUITE_P(, Listen, testing::Values("uring", "epoll"),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(Listen, BindListensAndTellsThePort) {  // C-017, C-025, C-048
  PWSK_SOCKET listener = bound_listener();
  EXPECT_NE(port_of(listener), 0);
  close(connect(port_of(listener)));
  close(listener);
}

TEST_P(Listen, CallsInTheWrongStateAreRefused) {  // C-024, C-049, E-014, L-004
  PWSK_SOCKET listener = new_listener();
  Call call;
  SOCKADDR_IN address = loopback();
  EXPECT_EQ(of(listener).WskGetLocalAddress(listener, any(address), call.irp()),
            STATUS_INVALID_DEVICE_STATE);
  EXPECT_EQ(accept(listener, call), STATUS_INVALID_DEVICE_STATE);
  EXPECT_EQ(events(listener, WSK_EVENT_ACCEPT), STATUS_INVALID_DEVICE_STATE);
  EXPECT_EQ(of(listener).WskBind(listener, any(address), 1, call.irp()), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(of(listener).WskBind(listener, nullptr, 0, call.irp()), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(of(listener).WskBind(listener, any(address), 0, nullptr), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(of(listener).WskBind(listener, any(address), 0, call.irp()), STATUS_SUCCESS);
  EXPECT_EQ(of(listener).WskBind(listener, any(address), 0, call.irp()),
            STATUS_INVALID_DEVICE_STATE);
  EXPECT_EQ(call.wait(), STATUS_INVALID_DEVICE_STATE);
  close(listener);
}

TEST_P(Listen, PendingAcceptsAreServedInOrder) {  // L-002, L-008, L-013
  PWSK_SOCKET listener = bound_listener();
  Call first;
  Call second;
  SOCKADDR_IN remote = {};
  EXPECT_EQ(accept(listener, first, &remote), STATUS_PENDING);
  EXPECT_EQ(accept(listener, second), STATUS_PENDING);
  PWSK_SOCKET client = connect(port_of(listener));
  EXPECT_EQ(first.wait(), STATUS_SUCCESS);
  EXPECT_EQ(remote.sin_family, AF_INET);
  EXPECT_FALSE(second.completed());
  PWSK_SOCKET other_client = connect(port_of(listener));
  EXPECT_EQ(second.wait(), STATUS_SUCCESS);
  for (PWSK_SOCKET socket : {client, other_client, first.socket(), second.socket(), listener}) {
    close(socket);
  }
}

TEST_P(Listen, WaitingConnectionsAreNotLost) {  // L-001, L-014: more than are fetched ahead.
  PWSK_SOCKET listener = bound_listener();
  std::vector<PWSK_SOCKET> sockets;
  for (int index = 0; index < 40; ++index) sockets.push_back(connect(port_of(listener)));
  for (int index = 0; index < 40; ++index) {
    Call call;
    accept(listener, call);
    ASSERT_EQ(call.wait(), STATUS_SUCCESS);
    sockets.push_back(call.socket());
  }
  for (PWSK_SOCKET socket : sockets) close(socket);
  close(listener);
}

TEST_P(Listen, CancelledAcceptEndsAndTheNextGetsTheConnection) {  // I-022
  PWSK_SOCKET listener = bound_listener();
  Call cancelled;
  Call served;
  EXPECT_EQ(accept(listener, cancelled), STATUS_PENDING);
  EXPECT_EQ(accept(listener, served), STATUS_PENDING);
  cancelled.cancel();
  EXPECT_EQ(cancelled.wait(), STATUS_CANCELLED);
  EXPECT_EQ(cancelled.information(), 0u);
  PWSK_SOCKET client = connect(port_of(listener));
  EXPECT_EQ(served.wait(), STATUS_SUCCESS);
  for (PWSK_SOCKET socket : {client, served.socket(), listener}) close(socket);
}

TEST_P(Listen, CloseCancelsPendingAccepts) {  // L-015, X-006
  PWSK_SOCKET listener = bound_listener();
  Call calls[3];
  for (Call& call : calls) EXPECT_EQ(accept(listener, call), STATUS_PENDING);
  close(listener);
  for (Call& call : calls) {
    EXPECT_TRUE(call.completed());
    EXPECT_EQ(call.wait(), STATUS_CANCELLED);
    EXPECT_EQ(call.information(), 0u);
  }
}

TEST_P(Listen, DualStackAcceptsBoth) {  // C-018, C-055
  PWSK_SOCKET listener = new_listener(nullptr, AF_INET6);
  ULONG only = 0;
  EXPECT_EQ(get_option(listener, IPPROTO_IPV6, IPV6_V6ONLY, only), STATUS_SUCCESS);
  EXPECT_EQ(only, 1u);
  EXPECT_EQ(set_option(listener, IPPROTO_IPV6, IPV6_V6ONLY, 0), STATUS_SUCCESS);
  SOCKADDR_IN6 wildcard = {};
  wildcard.sin6_family = AF_INET6;
  Call call;
  EXPECT_EQ(of(listener).WskBind(listener, reinterpret_cast<PSOCKADDR>(&wildcard), 0, call.irp()),
            STATUS_SUCCESS);
  EXPECT_EQ(set_option(listener, IPPROTO_IPV6, IPV6_V6ONLY, 1), STATUS_INVALID_DEVICE_STATE);
  SOCKADDR_IN6 bound = {};
  EXPECT_EQ(
      of(listener).WskGetLocalAddress(listener, reinterpret_cast<PSOCKADDR>(&bound), call.irp()),
      STATUS_SUCCESS);
  SOCKADDR_IN6 remote = {};
  EXPECT_EQ(of(listener).WskAccept(listener, 0, nullptr, nullptr, nullptr,
                                   reinterpret_cast<PSOCKADDR>(&remote), call.irp()),
            STATUS_PENDING);
  PWSK_SOCKET client = connect(bound.sin6_port);
  EXPECT_EQ(call.wait(), STATUS_SUCCESS);
  EXPECT_EQ(remote.sin6_family, AF_INET6);
  for (PWSK_SOCKET socket : {client, call.socket(), listener}) close(socket);
}

TEST_P(Listen, OptionsOfTheTransport) {  // K-013, K-014, K-017..K-024
  PWSK_SOCKET listener = new_listener();
  ULONG value = 7;
  EXPECT_EQ(get_option(listener, SOL_SOCKET, SO_KEEPALIVE, value), STATUS_SUCCESS);
  EXPECT_EQ(value, 0u);
  EXPECT_EQ(set_option(listener, SOL_SOCKET, SO_KEEPALIVE, 5), STATUS_SUCCESS);
  EXPECT_EQ(set_option(listener, SOL_SOCKET, SO_REUSEADDR, 1), STATUS_SUCCESS);
  const ULONG exclusive = static_cast<ULONG>(SO_EXCLUSIVEADDRUSE);
  EXPECT_EQ(set_option(listener, SOL_SOCKET, exclusive, 1), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(set_option(listener, SOL_SOCKET, SO_REUSEADDR, 0), STATUS_SUCCESS);
  EXPECT_EQ(set_option(listener, SOL_SOCKET, exclusive, 1), STATUS_SUCCESS);
  EXPECT_EQ(get_option(listener, SOL_SOCKET, exclusive, value), STATUS_SUCCESS);
  EXPECT_EQ(value, 1u);
  EXPECT_EQ(set_option(listener, SOL_SOCKET, SO_BROADCAST, 1), STATUS_INVALID_DEVICE_REQUEST);
  EXPECT_EQ(set_option(listener, SOL_SOCKET, SO_CONDITIONAL_ACCEPT, 1),
            STATUS_INVALID_PARAMETER);  // It has no callbacks for it.
  EXPECT_EQ(set_option(listener, SOL_SOCKET, 0x7777, 1), STATUS_NOT_SUPPORTED);
  EXPECT_EQ(set_option(listener, IPPROTO_TCP, SO_KEEPALIVE, 1), STATUS_NOT_SUPPORTED);
  EXPECT_EQ(get_option(listener, SOL_SOCKET, SO_WSK_EVENT_CALLBACK, value), STATUS_NOT_SUPPORTED);
  Call call;
  SOCKADDR_IN address = loopback();
  EXPECT_EQ(of(listener).WskBind(listener, any(address), 0, call.irp()), STATUS_SUCCESS);
  EXPECT_EQ(set_option(listener, SOL_SOCKET, SO_REUSEADDR, 1), STATUS_INVALID_DEVICE_STATE);

  PWSK_SOCKET client = connect(port_of(listener));
  accept(listener, call);
  EXPECT_EQ(call.wait(), STATUS_SUCCESS);
  value = 0;
  EXPECT_EQ(get_option(call.socket(), SOL_SOCKET, SO_KEEPALIVE, value), STATUS_SUCCESS);
  EXPECT_EQ(value, 1u);
  for (PWSK_SOCKET socket : {client, call.socket(), listener}) close(socket);
}

TEST_P(Listen, CancelRacesWithConnections) {
  PWSK_SOCKET listener = bound_listener();
  const USHORT port = port_of(listener);
  int accepted = 0;
  for (int round = 0; round < 200; ++round) {
    Call call;
    accept(listener, call);
    Call connecting;
    start_connect(port, connecting);
    call.cancel();
    // Before its peer is closed, which resets it.
    ASSERT_EQ(connecting.wait(), STATUS_SUCCESS);
    if (call.wait() == STATUS_SUCCESS) {
      ++accepted;
      close(call.socket());
    } else {
      EXPECT_EQ(call.wait(), STATUS_CANCELLED);
    }
    close(connecting.socket());
  }
  for (; accepted < 200; ++accepted) {  // Not one connection was lost.
    Call call;
    accept(listener, call);
    ASSERT_EQ(call.wait(), STATUS_SUCCESS);
    close(call.socket());
  }
  close(listener);
}

}  // namespace
}  // namespace wskrun::wsk
