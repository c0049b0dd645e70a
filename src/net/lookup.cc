// The calls of getaddrinfo and getnameinfo, and what their flags and errors are called elsewhere.
#include "net/lookup.h"

#include <arpa/inet.h>
#include <locale.h>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <string_view>

#include "net/local_addresses.h"
#include "net/posix_socket.h"

namespace wskrun::net {
namespace {

// libc takes a name outside of ASCII to be in the thread's own character set. Ours are UTF-8,
// whatever the program around us has set.
class Utf8Names {
 public:
  Utf8Names() {
    static const locale_t utf8 = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    before_ = ::uselocale(utf8);
  }
  ~Utf8Names() { ::uselocale(before_); }
  Utf8Names(const Utf8Names&) = delete;
  Utf8Names& operator=(const Utf8Names&) = delete;

 private:
  locale_t before_;
};

struct FreeList {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using AddressList = std::unique_ptr<addrinfo, FreeList>;

struct FlagRow {
  std::uint32_t ours;
  int libc;
};

constexpr FlagRow kAddressFlags[] = {
    {kPassive, AI_PASSIVE},
    {kCanonicalName, AI_CANONNAME},
    {kNumericHost, AI_NUMERICHOST},
    {kNumericService, AI_NUMERICSERV},
    {kMapIpv4, AI_V4MAPPED},
    {kMapAll, AI_ALL},
    {kConfiguredFamilies, AI_ADDRCONFIG},
    {kInternational, AI_IDN},
};

int libc_flags(std::uint32_t flags) {
  int result = 0;
  for (const FlagRow& row : kAddressFlags) {
    if ((flags & row.ours) != 0) result |= row.libc;
  }
  return result;
}

int libc_family(const std::optional<Family>& family) {
  if (!family) return AF_UNSPEC;
  return *family == Family::kIpv4 ? AF_INET : AF_INET6;
}

int libc_type(ServiceKind kind) {
  switch (kind) {
    case ServiceKind::kAny:
      return 0;
    case ServiceKind::kStream:
      return SOCK_STREAM;
    case ServiceKind::kDatagram:
      return SOCK_DGRAM;
  }
  return 0;
}

struct ErrorRow {
  int libc;
  int error;
};

// A server that does not answer (EAI_AGAIN) or answers nonsense (EAI_FAIL) leaves the name unknown
// like one that knows no such name.
constexpr ErrorRow kErrors[] = {
    {0, 0},
    {EAI_NONAME, ENOENT},
    {EAI_NODATA, ENOENT},
    {EAI_ADDRFAMILY, ENOENT},
    {EAI_AGAIN, ENOENT},
    {EAI_FAIL, ENOENT},
    {EAI_SERVICE, ENOENT},
    {EAI_IDN_ENCODE, ENOENT},
    {EAI_BADFLAGS, EINVAL},
    {EAI_FAMILY, EAFNOSUPPORT},
    {EAI_SOCKTYPE, EPROTONOSUPPORT},
    {EAI_MEMORY, ENOMEM},
};

// libc takes numbers that no port has, and cuts them to 16 bits.
bool is_beyond_ports(std::string_view service) {
  std::uint64_t number = 0;
  const char* const end = service.data() + service.size();
  const auto [stopped, failure] = std::from_chars(service.data(), end, number);
  const bool is_number = stopped == end && !service.empty();
  return is_number && (failure != std::errc() || number > 0xFFFF);
}

const char* text_of(const std::optional<std::string>& text) {
  return text ? text->c_str() : nullptr;
}

bool is_loopback(const Address& address) {
  constexpr std::array<std::uint8_t, 16> kLoopback6 = {0, 0, 0, 0, 0, 0, 0, 0,
                                                       0, 0, 0, 0, 0, 0, 0, 1};
  return address.family == Family::kIpv4 ? address.ip[0] == 127 : address.ip == kLoopback6;
}

Address address_of(const addrinfo& entry) {
  SocketAddress address;
  address.length = entry.ai_addrlen;
  std::memcpy(address.get(), entry.ai_addr, address.length);
  return from_socket_address(*address.get());
}

// libc would name the zone of an IPv6 address; on Windows it is a number.
std::string in_numbers(const Address& address) {
  char text[INET6_ADDRSTRLEN];
  ::inet_ntop(libc_family(address.family), address.ip.data(), text, sizeof text);
  if (address.scope_id == 0) return text;
  return std::string(text) + "%" + std::to_string(address.scope_id);
}

}  // namespace

Error Lookup::outcome(int result) {
  const int system_error = errno;
  if (result != 0) reason_ = ::gai_strerror(result);
  if (result == EAI_SYSTEM) return Error(system_error);
  const auto* row = std::find_if(std::begin(kErrors), std::end(kErrors),
                                 [=](const ErrorRow& each) { return each.libc == result; });
  return Error(row != std::end(kErrors) ? row->error : ENOENT);
}

// ---- addresses of a name

Error AddressLookup::run() {
  const bool lacks_host = (question_.flags & kNumericHost) != 0 && !question_.host;
  const bool lacks_service = (question_.flags & kNumericService) != 0 && !question_.service;
  if (lacks_host || lacks_service) return Error(ENOENT);
  if (question_.service && is_beyond_ports(*question_.service)) return Error(ENOENT);

  const Utf8Names utf8;
  addrinfo hints{};
  hints.ai_flags = libc_flags(question_.flags);
  hints.ai_family = libc_family(question_.family);
  hints.ai_socktype = libc_type(question_.service_kind);
  const char* host = text_of(question_.host);
  const char* service = text_of(question_.service);
  if (asks_for_this_machine()) {  // libc only tells the port.
    hints.ai_flags &= ~(AI_CANONNAME | AI_NUMERICHOST | AI_PASSIVE);
    host = nullptr;
    if (service == nullptr) service = "0";
  }
  addrinfo* found = nullptr;
  if (const Error error = outcome(::getaddrinfo(host, service, &hints, &found)); !error.ok()) {
    return error;
  }

  const AddressList list(found);
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    add(address_of(*entry));
  }
  if (found->ai_canonname != nullptr) canonical_name_ = found->ai_canonname;
  if (asks_for_this_machine()) use_own_addresses();
  return Error();
}

// In place of loopback, unless there is nothing else.
void AddressLookup::use_own_addresses() {
  const std::vector<Address> loopback = std::exchange(addresses_, {});
  for (const Family family : {Family::kIpv4, Family::kIpv6}) {
    if (question_.family.value_or(family) != family) continue;
    for (Address address : local_addresses(family)) {
      address.port = loopback.front().port;
      if (!is_loopback(address)) add(address);
    }
  }
  if (addresses_.empty()) addresses_ = loopback;
}

// libc tells each address once for every type of socket.
void AddressLookup::add(const Address& address) {
  if (std::find(addresses_.begin(), addresses_.end(), address) != addresses_.end()) return;
  addresses_.push_back(address);
}

// ---- the names of an address

Error NameLookup::run() {
  const Error error = question_.wants_host ? find_host() : Error();
  return error.ok() && question_.wants_service ? find_service() : error;
}

Error NameLookup::find_host() {
  if ((question_.flags & kHostInNumbers) != 0) {
    host_ = in_numbers(question_.address);
    return Error();
  }
  const SocketAddress address = to_socket_address(question_.address);
  const int local = (question_.flags & kLocalNameShort) != 0 ? NI_NOFQDN : 0;
  char name[NI_MAXHOST];
  const Error error = outcome(::getnameinfo(address.get(), address.length, name, sizeof name,
                                            nullptr, 0, NI_NAMEREQD | local));
  if (error.ok()) {
    host_ = name;
  } else if ((question_.flags & kNameRequired) != 0) {
    return error;
  } else {
    host_ = in_numbers(question_.address);
  }
  return Error();
}

Error NameLookup::find_service() {
  if ((question_.flags & kServiceInNumbers) != 0) {
    service_ = std::to_string(question_.address.port);
    return Error();
  }
  const SocketAddress address = to_socket_address(question_.address);
  const int datagram = (question_.flags & kDatagramService) != 0 ? NI_DGRAM : 0;
  char name[NI_MAXHOST];
  const Error error = outcome(
      ::getnameinfo(address.get(), address.length, nullptr, 0, name, sizeof name, datagram));
  if (error.ok()) service_ = name;
  return error;
}

}  // namespace wskrun::net
