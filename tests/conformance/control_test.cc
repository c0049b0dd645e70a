// WskControlSocket, code by code, and what every function does with its IRP when it fails or is not
// there yet. client_control_test.cc has WskControlClient.
#include <mstcpip.h>

#include <array>
#include <functional>
#include <string>
#include <vector>

#include "kit/fixture.h"

namespace wskrun::tests {
namespace {

CONFORMANCE_SUITE(Control);

// One call of WskControlSocket: `input` bytes of zero go in, `output` bytes come out.
struct SocketControl {
  const char* name;
  WSK_CONTROL_SOCKET_TYPE type;
  ULONG level;
  ULONG code;
  SIZE_T input;
  SIZE_T output;
  NTSTATUS status;
};

alignas(16) char in_bytes[64];
alignas(16) char out_bytes[64];

PVOID memory(char* bytes, SIZE_T size) {
  return size == 0 ? nullptr : bytes;
}

NTSTATUS control(PWSK_SOCKET socket, const SocketControl& call, PIRP irp) {
  const auto& basic = *static_cast<const WSK_PROVIDER_BASIC_DISPATCH*>(socket->Dispatch);
  return basic.WskControlSocket(socket, call.type, call.code, call.level, call.input,
                                memory(in_bytes, call.input), call.output,
                                memory(out_bytes, call.output), nullptr, irp);
}

// With an IRP the answer is in the return value and, exactly once, in the IRP; without one in the
// return value.
void expect_answer(PWSK_SOCKET socket, const SocketControl& expected, bool irp_forbidden = false) {
  IrpCall call;
  call.start([&](PIRP irp) { return control(socket, expected, irp); });
  const NTSTATUS with_irp = irp_forbidden ? STATUS_INVALID_PARAMETER : expected.status;
  EXPECT_TRUE(call.returned_as(with_irp)) << expected.name;
  EXPECT_EQ(call.wait(), (Completed{with_irp, 0})) << expected.name;
  EXPECT_EQ(call.completions(), 1) << expected.name;
  if (irp_forbidden) {
    EXPECT_EQ(control(socket, expected, nullptr), expected.status) << expected.name;
  }
}

Completed set_option(PWSK_SOCKET socket, ULONG level, ULONG option, ULONG value) {
  const auto& basic = *static_cast<const WSK_PROVIDER_BASIC_DISPATCH*>(socket->Dispatch);
  IrpCall call;
  call.start([&](PIRP irp) {
    return basic.WskControlSocket(socket, WskSetOption, option, level, sizeof value, &value, 0,
                                  nullptr, nullptr, irp);
  });
  return call.wait();
}

Completed get_option(PWSK_SOCKET socket, ULONG level, ULONG option, ULONG& value) {
  const auto& basic = *static_cast<const WSK_PROVIDER_BASIC_DISPATCH*>(socket->Dispatch);
  IrpCall call;
  call.start([&](PIRP irp) {
    return basic.WskControlSocket(socket, WskGetOption, option, level, 0, nullptr, sizeof value,
                                  &value, nullptr, irp);
  });
  return call.wait();
}

constexpr Completed kSet = {STATUS_SUCCESS, 0};
constexpr Completed kGot = {STATUS_SUCCESS, sizeof(ULONG)};
constexpr ULONG kExclusive = static_cast<ULONG>(SO_EXCLUSIVEADDRUSE);

// ---- socket options

CONFORMANCE_TEST(Control, FlagOptionsAreZeroAndCanBeSwitched) {
  covers("K-003", "K-010", "K-014", "K-017", "K-019", "K-020");
  const Listener listener = new_listener();
  const Connection connection = new_connection();
  for (PWSK_SOCKET socket : {listener.socket(), connection.socket()}) {
    for (const ULONG option : {ULONG{SO_KEEPALIVE}, ULONG{SO_REUSEADDR}, kExclusive}) {
      ULONG value = 77;
      EXPECT_EQ(get_option(socket, SOL_SOCKET, option, value), kGot);
      EXPECT_EQ(value, 0u) << option;
      EXPECT_EQ(set_option(socket, SOL_SOCKET, option, 5), kSet);  // Not 0 is 1.
      EXPECT_EQ(get_option(socket, SOL_SOCKET, option, value), kGot);
      EXPECT_EQ(value, 1u) << option;
      EXPECT_EQ(set_option(socket, SOL_SOCKET, option, 0), kSet);
      EXPECT_EQ(get_option(socket, SOL_SOCKET, option, value), kGot);
      EXPECT_EQ(value, 0u) << option;
    }
  }
}

CONFORMANCE_TEST(Control, SharingOptionsAreForUnboundSockets) {
  covers("K-013", "K-018");
  const Listener listener = listen();
  const Completed late = {STATUS_INVALID_DEVICE_STATE, 0};
  ULONG value = 77;

  EXPECT_EQ(set_option(listener.socket(), SOL_SOCKET, SO_REUSEADDR, 1), late);
  EXPECT_EQ(set_option(listener.socket(), SOL_SOCKET, kExclusive, 1), late);
  EXPECT_EQ(get_option(listener.socket(), SOL_SOCKET, kExclusive, value), kGot);
  EXPECT_EQ(value, 0u);
}

CONFORMANCE_TEST(Control, ReceiveBufferSizeIsWhatTheTransportMadeOfIt) {
  covers("K-014", "K-023");
  auto [connection, peer] = connect_pair();
  ULONG before = 0, after = 0;
  EXPECT_EQ(get_option(connection.socket(), SOL_SOCKET, SO_RCVBUF, before), kGot);
  EXPECT_GT(before, 0u);

  EXPECT_EQ(set_option(connection.socket(), SOL_SOCKET, SO_RCVBUF, 20'000), kSet);

  EXPECT_EQ(get_option(connection.socket(), SOL_SOCKET, SO_RCVBUF, after), kGot);
  EXPECT_GE(after, 20'000u);
  EXPECT_NE(after, before);
}

CONFORMANCE_TEST(Control, AcceptedSocketsInheritAndMayOverride) {
  covers("K-021", "K-024");
  const Listener listener = listen();
  ULONG size = 0, inherited = 0, flag = 0;
  EXPECT_EQ(set_option(listener.socket(), SOL_SOCKET, SO_KEEPALIVE, 1), kSet);
  EXPECT_EQ(set_option(listener.socket(), SOL_SOCKET, SO_RCVBUF, 30'000), kSet);
  EXPECT_EQ(get_option(listener.socket(), SOL_SOCKET, SO_RCVBUF, size), kGot);

  const Peer peer = Peer::connect(listener.port());
  const Connection accepted = listener.accept();

  EXPECT_EQ(get_option(accepted.socket(), SOL_SOCKET, SO_RCVBUF, inherited), kGot);
  EXPECT_EQ(inherited, size);
  EXPECT_EQ(get_option(accepted.socket(), SOL_SOCKET, SO_KEEPALIVE, flag), kGot);
  EXPECT_EQ(flag, 1u);
  EXPECT_EQ(set_option(accepted.socket(), SOL_SOCKET, SO_KEEPALIVE, 0), kSet);
  EXPECT_EQ(get_option(accepted.socket(), SOL_SOCKET, SO_KEEPALIVE, flag), kGot);
  EXPECT_EQ(flag, 0u);
  EXPECT_EQ(get_option(listener.socket(), SOL_SOCKET, SO_KEEPALIVE, flag), kGot);
  EXPECT_EQ(flag, 1u);
}

CONFORMANCE_TEST(Control, Ipv6SocketsTakeIpv6OnlyUnlessTold) {
  covers("K-012");
  const Listener listener = new_listener(IpVersion::k6);
  ULONG value = 77;

  EXPECT_EQ(get_option(listener.socket(), IPPROTO_IPV6, IPV6_V6ONLY, value), kGot);
  EXPECT_EQ(value, 1u);
  EXPECT_EQ(set_option(listener.socket(), IPPROTO_IPV6, IPV6_V6ONLY, 0), kSet);
  EXPECT_EQ(get_option(listener.socket(), IPPROTO_IPV6, IPV6_V6ONLY, value), kGot);
  EXPECT_EQ(value, 0u);
}

// ---- codes that are refused

CONFORMANCE_TEST(Control, WhatNoSocketHasIsRefused) {
  covers("K-001", "K-002", "K-006", "K-013", "K-015", "K-026", "K-032", "K-037", "K-054", "I-002",
         "I-004");
  const NTSTATUS unknown = STATUS_NOT_SUPPORTED;
  const NTSTATUS elsewhere = STATUS_INVALID_DEVICE_REQUEST;
  const NTSTATUS wrong = STATUS_INVALID_PARAMETER;
  const SocketControl cases[] = {
      {"no type", WskControlMax, SOL_SOCKET, SO_KEEPALIVE, 4, 0, wrong},
      {"no option", WskSetOption, SOL_SOCKET, 0x4711, 4, 0, unknown},
      {"no level", WskSetOption, 0x4711, SO_KEEPALIVE, 4, 0, unknown},
      {"another level's option", WskGetOption, IPPROTO_TCP, SO_RCVBUF, 0, 4, unknown},
      {"no control code", WskIoctl, 0, 0x4711, 0, 0, unknown},
      {"get of the events", WskGetOption, SOL_SOCKET, SO_WSK_EVENT_CALLBACK, 0,
       sizeof(WSK_EVENT_CALLBACK_CONTROL), unknown},
      {"SO_BROADCAST", WskSetOption, SOL_SOCKET, SO_BROADCAST, 4, 0, elsewhere},
      {"SO_BROADCAST", WskGetOption, SOL_SOCKET, SO_BROADCAST, 0, 4, elsewhere},
      {"SIO_WSK_SET_REMOTE_ADDRESS", WskIoctl, 0, SIO_WSK_SET_REMOTE_ADDRESS, 0, 0, elsewhere},
      {"SIO_WSK_SET_SENDTO_ADDRESS", WskIoctl, 0, SIO_WSK_SET_SENDTO_ADDRESS, 0, 0, elsewhere},
      {"SIO_ADDRESS_LIST_SORT", WskIoctl, 0, SIO_ADDRESS_LIST_SORT, 8, 8, unknown},
      {"WFP set", WskIoctl, 0, SIO_SET_WFP_CONNECTION_REDIRECT_RECORDS, 8, 0, unknown},
      {"an option too short", WskSetOption, SOL_SOCKET, SO_KEEPALIVE, 2, 0, wrong},
      {"an option too long", WskSetOption, SOL_SOCKET, SO_KEEPALIVE, 8, 0, wrong},
      {"a set with output", WskSetOption, SOL_SOCKET, SO_KEEPALIVE, 4, 4, wrong},
      {"a get with input", WskGetOption, SOL_SOCKET, SO_KEEPALIVE, 4, 4, wrong},
      {"a get too short", WskGetOption, SOL_SOCKET, SO_KEEPALIVE, 0, 2, wrong},
      {"events too short", WskSetOption, SOL_SOCKET, SO_WSK_EVENT_CALLBACK, 8, 0, wrong},
  };
  const Listener listener = listen();
  auto [connection, peer] = connect_pair();
  for (const SocketControl& each : cases) {
    expect_answer(listener.socket(), each);
    expect_answer(connection.socket(), each);
  }
  const SocketControl inspect_id = {
      "SIO_WSK_QUERY_INSPECT_ID", WskIoctl, 0, SIO_WSK_QUERY_INSPECT_ID, 0,
      sizeof(WSK_INSPECT_ID),     elsewhere};
  expect_answer(listener.socket(), inspect_id);
  expect_answer(connection.socket(), inspect_id, /*irp_forbidden=*/true);
}

CONFORMANCE_TEST(Control, ConnectionsAloneHaveTheirCodes) {
  covers("K-013", "K-016", "K-033", "K-034", "K-042");
  const Listener listener = listen();
  auto [connection, peer] = connect_pair();
  const NTSTATUS elsewhere = STATUS_INVALID_DEVICE_REQUEST;

  for (const ULONG code : {SIO_WSK_QUERY_IDEAL_SEND_BACKLOG, SIO_WSK_QUERY_RECEIVE_BACKLOG}) {
    expect_answer(listener.socket(), {"backlog", WskIoctl, 0, code, 0, sizeof(SIZE_T), elsewhere});
  }
  expect_answer(listener.socket(),
                {"silent mode", WskIoctl, 0, SIO_WSK_SET_TCP_SILENT_MODE, 0, 0, elsewhere});
  expect_answer(connection.socket(), {"conditional accept", WskSetOption, SOL_SOCKET,
                                      SO_CONDITIONAL_ACCEPT, 4, 0, elsewhere});
  expect_answer(connection.socket(), {"conditional accept", WskGetOption, SOL_SOCKET,
                                      SO_CONDITIONAL_ACCEPT, 0, 4, elsewhere});

  const SocketControl query_id = {"inspect id",           WskIoctl, 0, SIO_WSK_QUERY_INSPECT_ID, 0,
                                  sizeof(WSK_INSPECT_ID), elsewhere};
  expect_answer(listener.socket(), query_id);
  expect_answer(connection.socket(), query_id, true);
}

CONFORMANCE_TEST(Control, ARequiredIrpIsRequiredAndAForbiddenOneForbidden) {
  covers("K-011", "K-014");
  auto [connection, peer] = connect_pair();
  ULONG value = 1;
  const auto control_socket = connection.dispatch().Basic.WskControlSocket;

  EXPECT_EQ(control_socket(connection.socket(), WskSetOption, SO_KEEPALIVE, SOL_SOCKET,
                           sizeof value, &value, 0, nullptr, nullptr, nullptr),
            STATUS_INVALID_PARAMETER);
  EXPECT_EQ(control_socket(connection.socket(), WskGetOption, SO_KEEPALIVE, SOL_SOCKET, 0, nullptr,
                           sizeof value, &value, nullptr, nullptr),
            STATUS_INVALID_PARAMETER);
  EXPECT_EQ(get_option(connection.socket(), SOL_SOCKET, SO_KEEPALIVE, value), kGot);
  EXPECT_EQ(value, 0u);

  expect_answer(
      connection.socket(),
      {"SIO_ADDRESS_LIST_QUERY", WskIoctl, 0, SIO_ADDRESS_LIST_QUERY, 0, 0, STATUS_BUFFER_OVERFLOW},
      /*irp_forbidden=*/true);
}

CONFORMANCE_TEST(Control, LoopbackHasNoSilentModeAndOnePath) {
  covers("K-045", "K-046");
  for (const IpVersion version : {IpVersion::k4, IpVersion::k6}) {
    auto [connection, peer] = connect_pair(Origin::kConnected, version);
    PWSK_SOCKET socket = connection.socket();
    const NTSTATUS none = STATUS_NOT_SUPPORTED;
    IrpCall silence;
    const SocketControl silent{"silent", WskIoctl, 0, SIO_WSK_SET_TCP_SILENT_MODE, 0, 0, none};
    silence.start([&](PIRP irp) { return control(socket, silent, irp); });
    EXPECT_EQ(silence.wait(), (Completed{none, 0}));
    peer.send("heard");
    EXPECT_EQ(connection.read(5), "heard");
    connection.write("said");
    EXPECT_EQ(peer.receive(4), "said");

    const ULONG code = SIO_LOOPBACK_FAST_PATH;
    expect_answer(socket, {"fast path", WskIoctl, 0, code, sizeof(BOOLEAN), 0, none});
    expect_answer(socket, {"fast path", WskIoctl, 0, code, 3, 0, STATUS_INVALID_BUFFER_SIZE});
  }
}

// The pages' own samples pass what lies on their stack, and return while the call pends.
CONFORMANCE_TEST(Control, WhatGoesInIsReadDuringTheCall) {
  covers("K-009", "G-30");
  auto pair = connect_pair();
  Connection& connection = pair.first;
  ULONG value = 1;
  IrpCall call;
  call.start([&](PIRP irp) {
    const NTSTATUS status = connection.dispatch().Basic.WskControlSocket(
        connection.socket(), WskSetOption, SO_KEEPALIVE, SOL_SOCKET, sizeof value, &value, 0,
        nullptr, nullptr, irp);
    value = 0;
    return status;
  });
  EXPECT_EQ(call.wait(), (Completed{STATUS_SUCCESS, 0}));
  EXPECT_EQ(get_option(connection.socket(), SOL_SOCKET, SO_KEEPALIVE, value),
            (Completed{STATUS_SUCCESS, 4}));
  EXPECT_EQ(value, 1u);
}

CONFORMANCE_TEST(Control, TheSizeOfAnAnswerIsInTheIrpAndWhereItIsAskedFor) {
  covers("K-008", "G-34", "G-33");
  auto pair = connect_pair();
  Connection& connection = pair.first;
  ULONG value = 77;
  SIZE_T size = 77;
  IrpCall call;
  call.start([&](PIRP irp) {
    return connection.dispatch().Basic.WskControlSocket(connection.socket(), WskGetOption,
                                                        SO_KEEPALIVE, SOL_SOCKET, 0, nullptr,
                                                        sizeof value, &value, &size, irp);
  });
  EXPECT_EQ(call.wait(), (Completed{STATUS_SUCCESS, 4}));
  EXPECT_EQ(value, 0u);
  if (call.returned_as(STATUS_SUCCESS)) {
    EXPECT_EQ(size, 4u);
  }
}

CONFORMANCE_TEST(Control, AnIrpThatWasCancelledBeforeEndsCancelled) {
  covers("I-006", "I-022");
  auto pair = connect_pair();
  Connection& connection = pair.first;
  Peer& peer = pair.second;
  for (const ULONG code : {SIO_ADDRESS_LIST_CHANGE, SIO_WSK_SET_TCP_SILENT_MODE}) {
    IrpCall call;
    call.start([&](PIRP irp) {
      IoCancelIrp(irp);
      return control(connection.socket(), {"cancelled", WskIoctl, 0, code, 0, 0, 0}, irp);
    });
    EXPECT_TRUE(call.returned_as(STATUS_PENDING)) << code;
    EXPECT_EQ(call.wait(), (Completed{STATUS_CANCELLED, 0})) << code;
    EXPECT_EQ(call.completions(), 1) << code;
  }
  // The connection is none the worse.
  connection.write("said");
  EXPECT_EQ(peer.receive(4), "said");
}

CONFORMANCE_TEST(Control, NoConnectionWasRedirected) {
  covers("K-050", "K-051");
  auto [connection, peer] = connect_pair();
  for (const ULONG code :
       {SIO_QUERY_WFP_CONNECTION_REDIRECT_RECORDS, SIO_QUERY_WFP_CONNECTION_REDIRECT_CONTEXT}) {
    expect_answer(connection.socket(), {"WFP query", WskIoctl, 0, code, 0, 64, STATUS_NOT_FOUND});
    expect_answer(connection.socket(), {"WFP query", WskIoctl, 0, code, 0, 0, STATUS_NOT_FOUND});
    expect_answer(connection.socket(),
                  {"WFP query", WskIoctl, 0, code, 8, 64, STATUS_INVALID_PARAMETER});
    EXPECT_EQ(control(connection.socket(), {"WFP query", WskIoctl, 0, code, 0, 64, 0}, nullptr),
              STATUS_INVALID_PARAMETER);
  }
}

// ---- every function without an IRP, and with one when it fails

struct Function {
  const char* name;
  NTSTATUS status;  // Of the call with an IRP.
  std::function<NTSTATUS(PIRP)> call;
};

// A connection-oriented socket that is not bound, and its arguments, which are all right.
std::vector<Function> functions_of(const Connection& unbound, Sockaddr& address, WSK_BUF& buffer) {
  const auto& wsk = unbound.dispatch();
  PWSK_SOCKET socket = unbound.socket();
  const NTSTATUS state = STATUS_INVALID_DEVICE_STATE;
  PSOCKADDR where = address.get();
  return {
      {"WskConnect", state, [=](PIRP irp) { return wsk.WskConnect(socket, where, 0, irp); }},
      {"WskGetLocalAddress", state,
       [=](PIRP irp) { return wsk.WskGetLocalAddress(socket, where, irp); }},
      {"WskGetRemoteAddress", state,
       [=](PIRP irp) { return wsk.WskGetRemoteAddress(socket, where, irp); }},
      {"WskSend", state, [=, &buffer](PIRP irp) { return wsk.WskSend(socket, &buffer, 0, irp); }},
      {"WskReceive", state,
       [=, &buffer](PIRP irp) { return wsk.WskReceive(socket, &buffer, 0, irp); }},
      {"WskDisconnect", state,
       [=](PIRP irp) { return wsk.WskDisconnect(socket, nullptr, 0, irp); }},
      {"WskDisconnect", state,
       [=](PIRP irp) { return wsk.WskDisconnect(socket, nullptr, WSK_FLAG_ABORTIVE, irp); }},
      {"WskConnectEx", STATUS_INVALID_DEVICE_STATE,
       [=](PIRP irp) { return wsk.WskConnectEx(socket, where, nullptr, 0, irp); }},
      {"WskSendEx", STATUS_NOT_SUPPORTED,
       [=, &buffer](PIRP irp) { return wsk.WskSendEx(socket, &buffer, 0, 0, nullptr, irp); }},
      {"WskReceiveEx", STATUS_NOT_SUPPORTED,
       [=, &buffer](PIRP irp) {
         return wsk.WskReceiveEx(socket, &buffer, 0, nullptr, nullptr, nullptr, irp);
       }},
      {"WskBind with flags", STATUS_INVALID_PARAMETER,
       [=](PIRP irp) { return wsk.WskBind(socket, where, 1, irp); }},
  };
}

std::vector<Function> functions_of(const Listener& unbound, Sockaddr& address) {
  const auto& wsk = unbound.dispatch();
  PWSK_SOCKET socket = unbound.socket();
  PSOCKADDR where = address.get();
  return {
      {"WskAccept", STATUS_INVALID_DEVICE_STATE,
       [=](PIRP irp) { return wsk.WskAccept(socket, 0, nullptr, nullptr, nullptr, nullptr, irp); }},
      {"WskInspectComplete", STATUS_INVALID_DEVICE_STATE,
       [=](PIRP irp) {
         return wsk.WskInspectComplete(socket, reinterpret_cast<PWSK_INSPECT_ID>(in_bytes),
                                       WskInspectAccept, irp);
       }},
      {"WskGetLocalAddress", STATUS_INVALID_DEVICE_STATE,
       [=](PIRP irp) { return wsk.WskGetLocalAddress(socket, where, irp); }},
      {"WskBind with flags", STATUS_INVALID_PARAMETER,
       [=](PIRP irp) { return wsk.WskBind(socket, where, 1, irp); }},
  };
}

std::vector<Function> functions_of(const WSK_PROVIDER_DISPATCH& wsk, PWSK_CLIENT client,
                                   Sockaddr& address) {
  PSOCKADDR where = address.get();
  return {
      {"WskSocket", STATUS_NOT_SUPPORTED,
       [=, &wsk](PIRP irp) {
         return wsk.WskSocket(client, AF_INET, SOCK_STREAM, IPPROTO_UDP, WSK_FLAG_CONNECTION_SOCKET,
                              nullptr, nullptr, nullptr, nullptr, nullptr, irp);
       }},
      {"WskSocketConnect", STATUS_NOT_SUPPORTED,
       [=, &wsk](PIRP irp) {
         return wsk.WskSocketConnect(client, SOCK_DGRAM, IPPROTO_UDP, where, where, 0, nullptr,
                                     nullptr, nullptr, nullptr, nullptr, irp);
       }},
      {"WskGetAddressInfo", STATUS_INVALID_PARAMETER,
       [=, &wsk](PIRP irp) {
         PADDRINFOEXW result = nullptr;
         return wsk.WskGetAddressInfo(client, nullptr, nullptr, 0, nullptr, nullptr, &result,
                                      nullptr, nullptr, irp);
       }},
      {"WskGetNameInfo", STATUS_INVALID_PARAMETER,
       [=, &wsk](PIRP irp) {
         return wsk.WskGetNameInfo(client, where, sizeof(SOCKADDR_IN), nullptr, nullptr, 0, nullptr,
                                   nullptr, irp);
       }},
  };
}

void expect_documented_ends(const std::vector<Function>& functions) {
  for (const Function& each : functions) {
    EXPECT_EQ(each.call(nullptr), STATUS_INVALID_PARAMETER) << each.name << " without an IRP";
    IrpCall call;
    call.start(each.call);
    EXPECT_TRUE(call.returned_as(each.status)) << each.name;
    EXPECT_EQ(call.wait(), (Completed{each.status, 0})) << each.name;
    EXPECT_EQ(call.completions(), 1) << each.name;
  }
}

CONFORMANCE_TEST(Control, FailingCallsCompleteTheirIrpOnceAndNeedOne) {
  covers("I-001", "I-002", "I-004", "I-005", "I-023", "I-024", "A-012");
  Sockaddr address = loopback(1);
  WSK_BUF nothing = {nullptr, 0, 0};
  const Connection connection = new_connection();
  const Listener listener = new_listener();

  expect_documented_ends(functions_of(connection, address, nothing));
  expect_documented_ends(functions_of(listener, address));
  expect_documented_ends(functions_of(provider(), client(), address));
}

CONFORMANCE_TEST(Control, WithoutAnIrpNothingHappens) {
  covers("I-024");
  const Connection connection = new_connection();
  const Listener listener = new_listener();
  const Listener bound = listen();
  Sockaddr address = loopback(0);
  IrpCall call;

  EXPECT_EQ(connection.bind(address.get(), 0, nullptr), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(listener.bind(address.get(), 0, nullptr), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(bound.accept(nullptr, nullptr, nullptr, nullptr, nullptr), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(listener.dispatch().Basic.WskCloseSocket(listener.socket(), nullptr),
            STATUS_INVALID_PARAMETER);
  EXPECT_EQ(connection.dispatch().Basic.WskCloseSocket(connection.socket(), nullptr),
            STATUS_INVALID_PARAMETER);

  // Both are unbound and open.
  call.start([&](PIRP irp) { return connection.bind(address.get(), 0, irp); });
  EXPECT_EQ(call.wait(), kSet);
  call.start([&](PIRP irp) { return listener.bind(address.get(), 0, irp); });
  EXPECT_EQ(call.wait(), kSet);
}

}  // namespace
}  // namespace wskrun::tests
