// A row for each transport; whether it is there the kernel says.
#include "wsk/transport_list.h"

namespace wskrun::wsk {
namespace {

// Microsoft's own provider of each family is what drivers look for.
constexpr GUID kIpv4Provider = {
    0xe70f1aa0, 0xab8b, 0x11cf, {0x8c, 0xa3, 0x00, 0x80, 0x5f, 0x48, 0xa1, 0x92}};
constexpr GUID kIpv6Provider = {
    0xf9eab0c0, 0x26d4, 0x11d0, {0xbb, 0xbf, 0x00, 0xaa, 0x00, 0x6c, 0x34, 0xe4}};

struct Row {
  net::SocketSpec spec;
  WSK_TRANSPORT transport;
};

constexpr Row kRows[] = {
    {{.family = net::Family::kIpv4, .kind = net::SocketKind::kStream},
     {0, SOCK_STREAM, IPPROTO_TCP, AF_INET, kIpv4Provider}},
    {{.family = net::Family::kIpv4, .kind = net::SocketKind::kDatagram},
     {0, SOCK_DGRAM, IPPROTO_UDP, AF_INET, kIpv4Provider}},
    {{.family = net::Family::kIpv6, .kind = net::SocketKind::kStream},
     {0, SOCK_STREAM, IPPROTO_TCP, AF_INET6, kIpv6Provider}},
    {{.family = net::Family::kIpv6, .kind = net::SocketKind::kDatagram},
     {0, SOCK_DGRAM, IPPROTO_UDP, AF_INET6, kIpv6Provider}},
};

}  // namespace

std::vector<WSK_TRANSPORT> list_transports(net::Transport& transport) {
  std::vector<WSK_TRANSPORT> list;
  for (const Row& row : kRows) {
    net::Error error;
    if (transport.create_socket(row.spec, error) != nullptr) list.push_back(row.transport);
  }
  return list;
}

}  // namespace wskrun::wsk
