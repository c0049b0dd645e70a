// Starting and stopping what every conformance test stands on.
#include "kit/fixture.h"

#include <stdexcept>
#include <string_view>

namespace wskrun::tests {
namespace {

// No client event exists, so this is never called (E-044).
NTSTATUS WSKAPI on_client_event(PVOID, ULONG, PVOID, SIZE_T) {
  ADD_FAILURE() << "WskClientEvent was called";
  return STATUS_NOT_IMPLEMENTED;
}

wskrun_completion completion_of(std::string_view mode) {
  if (mode == "inline") return WSKRUN_COMPLETE_INLINE;
  if (mode == "pending") return WSKRUN_COMPLETE_PENDING;
  if (mode == "random") return WSKRUN_COMPLETE_RANDOMLY;
  if (mode == "natural") return WSKRUN_COMPLETE_NATURALLY;
  throw std::runtime_error("WSKRUN_TEST_COMPLETION: natural, inline, pending or random");
}

const WSK_CLIENT_DISPATCH kClientDispatch = {MAKE_WSK_VERSION(1, 0), 0, on_client_event};

}  // namespace

wskrun_options options_for(const Backend& backend) {
  wskrun_options options{};
  options.size = sizeof options;
  options.transport = backend.transport;
  options.linux_6_1_only = backend.linux_6_1_only;
  options.processors = 2;
  options.completion = completion_of(completion_mode().name);
  options.completion_seed = completion_mode().seed;
  return options;
}

void WskTestBase::SetUp() {
  wskrun_options options = options_for(backend_);
  adjust(options);
  wskrun_error error;
  runtime_ = wskrun_runtime_create(&options, &error);
  if (runtime_ == nullptr && error.result == WSKRUN_NO_TRANSPORT) {
    GTEST_SKIP() << "this kernel has no such transport: " << error.text;
  }
  ASSERT_NE(runtime_, nullptr) << error.text;
  WSK_CLIENT_NPI npi = {this, &kClientDispatch};
  ASSERT_EQ(WskRegister(&npi, &registration_), STATUS_SUCCESS);
  registered_ = true;
  ASSERT_EQ(WskCaptureProviderNPI(&registration_, WSK_INFINITE_WAIT, &npi_), STATUS_SUCCESS);
}

void WskTestBase::TearDown() {
  if (runtime_ == nullptr) return;
  // Deregistering would wait for ever for what a failed test has left behind.
  if (HasFailure() && !report_holdings()) return;
  if (std::exchange(npi_, {}).Dispatch != nullptr) WskReleaseProviderNPI(&registration_);
  if (std::exchange(registered_, false)) WskDeregister(&registration_);
  report_holdings();
  wskrun_runtime_destroy(std::exchange(runtime_, nullptr));
}

bool WskTestBase::report_holdings() {
  wskrun_report* left = wskrun_runtime_holdings(runtime_);
  for (std::size_t i = 0; i < wskrun_report_count(left); ++i) {
    const wskrun_holding* holding = wskrun_report_entry(left, i);
    ADD_FAILURE() << "left behind: " << holding->kind_name << " " << holding->address << " "
                  << holding->place;
  }
  const bool clean = wskrun_report_count(left) == 0;
  wskrun_report_free(left);
  return clean;
}

NTSTATUS WskTestBase::set_static_events(ULONG mask) {
  WSK_EVENT_CALLBACK_CONTROL control = {&NPI_WSK_INTERFACE_ID, mask};
  return provider().WskControlClient(client(), WSK_SET_STATIC_EVENT_CALLBACKS, sizeof control,
                                     &control, 0, nullptr, nullptr, nullptr);
}

Connection WskTestBase::new_connection(IpVersion version) {
  auto events = std::make_shared<ConnectionEvents>();
  IrpCall call;
  call.start([&](PIRP irp) {
    return provider().WskSocket(client(), version == IpVersion::k4 ? AF_INET : AF_INET6,
                                SOCK_STREAM, IPPROTO_TCP, WSK_FLAG_CONNECTION_SOCKET, events.get(),
                                &ConnectionEvents::dispatch, nullptr, nullptr, nullptr, irp);
  });
  const Completed completed = call.wait();
  if (completed.status != STATUS_SUCCESS) throw std::runtime_error("WskSocket failed");
  return Connection(reinterpret_cast<PWSK_SOCKET>(completed.information), std::move(events));
}

Connection WskTestBase::connect_to(std::uint16_t port, IpVersion version,
                                   const WSK_CLIENT_CONNECTION_DISPATCH& dispatch) {
  auto events = std::make_shared<ConnectionEvents>();
  Sockaddr local = wildcard(0, version);
  Sockaddr remote = loopback(port, version);
  IrpCall call;
  call.start([&](PIRP irp) {
    return provider().WskSocketConnect(client(), SOCK_STREAM, IPPROTO_TCP, local.get(),
                                       remote.get(), 0, events.get(), &dispatch, nullptr, nullptr,
                                       nullptr, irp);
  });
  const Completed completed = call.wait();
  if (completed.status != STATUS_SUCCESS) throw std::runtime_error("WskSocketConnect failed");
  return Connection(reinterpret_cast<PWSK_SOCKET>(completed.information), std::move(events));
}

Listener WskTestBase::new_listener(IpVersion version) {
  auto events = std::make_shared<ListenerEvents>();
  IrpCall call;
  call.start([&](PIRP irp) {
    return provider().WskSocket(client(), version == IpVersion::k4 ? AF_INET : AF_INET6,
                                SOCK_STREAM, IPPROTO_TCP, WSK_FLAG_LISTEN_SOCKET, events.get(),
                                &ListenerEvents::dispatch, nullptr, nullptr, nullptr, irp);
  });
  const Completed completed = call.wait();
  if (completed.status != STATUS_SUCCESS) throw std::runtime_error("WskSocket failed");
  return Listener(reinterpret_cast<PWSK_SOCKET>(completed.information), std::move(events));
}

Listener WskTestBase::listen(IpVersion version) {
  Listener listener = new_listener(version);
  Sockaddr address = loopback(0, version);
  IrpCall call;
  call.start([&](PIRP irp) { return listener.bind(address.get(), 0, irp); });
  if (call.wait().status != STATUS_SUCCESS) throw std::runtime_error("WskBind failed");
  return listener;
}

Datagram WskTestBase::new_datagram(IpVersion version) {
  auto events = std::make_shared<DatagramEvents>();
  IrpCall call;
  call.start([&](PIRP irp) {
    return provider().WskSocket(client(), version == IpVersion::k4 ? AF_INET : AF_INET6, SOCK_DGRAM,
                                IPPROTO_UDP, WSK_FLAG_DATAGRAM_SOCKET, events.get(),
                                &DatagramEvents::dispatch, nullptr, nullptr, nullptr, irp);
  });
  const Completed completed = call.wait();
  if (completed.status != STATUS_SUCCESS) throw std::runtime_error("WskSocket failed");
  return Datagram(reinterpret_cast<PWSK_SOCKET>(completed.information), std::move(events));
}

Datagram WskTestBase::bound_datagram(IpVersion version) {
  Datagram datagram = new_datagram(version);
  Sockaddr address = loopback(0, version);
  IrpCall call;
  call.start([&](PIRP irp) { return datagram.bind(address.get(), 0, irp); });
  if (call.wait().status != STATUS_SUCCESS) throw std::runtime_error("WskBind failed");
  return datagram;
}

std::pair<Connection, Peer> WskTestBase::connect_pair(Origin origin, IpVersion version) {
  if (origin == Origin::kConnected) {
    PeerListener listener(version);
    Connection connection = connect_to(listener.port(), version);
    return {std::move(connection), listener.accept()};
  }
  Listener listener = listen(version);
  Peer peer = Peer::connect(listener.port(), version);
  return {listener.accept(), std::move(peer)};
}

std::vector<BackendAndOrigin> backends_and_origins() {
  std::vector<BackendAndOrigin> all;
  for (const Backend& backend : kBackends) {
    all.push_back({backend, Origin::kConnected});
    all.push_back({backend, Origin::kAccepted});
  }
  return all;
}

std::string name_of(const ::testing::TestParamInfo<Backend>& info) {
  return info.param.name;
}

std::string name_of_both(const ::testing::TestParamInfo<BackendAndOrigin>& info) {
  return std::string(info.param.backend.name) +
         (info.param.origin == Origin::kConnected ? "_connected" : "_accepted");
}

std::string pattern(std::size_t size, std::size_t from) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) {
    const std::size_t position = from + i;
    bytes[i] = static_cast<char>((position * 2654435761u) >> 13 ^ position);
  }
  return bytes;
}

}  // namespace wskrun::tests
