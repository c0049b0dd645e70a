// Lookups: one question each to the system's resolver, and its answer. getaddrinfo and getnameinfo
// are the ones who ask, so nsswitch.conf, /etc/hosts, /etc/services and DNS apply. They wait for as
// long as it takes; resolver.h runs them on threads of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/ref_ptr.h"
#include "net/address.h"
#include "net/error.h"

namespace wskrun::net {

// The members are the question until run(), the answer after it. Whoever may still look at them
// holds a reference, so an answer that nobody waits for any more harms nobody.
class Lookup : public base::RefCounted<Lookup> {
 public:
  Lookup() = default;
  virtual ~Lookup() = default;
  Lookup(const Lookup&) = delete;
  Lookup& operator=(const Lookup&) = delete;

  // Asks, once. ENOENT: there is no such name, or none that the machine can find out about now.
  // Other errors are errno's. The answer is there only without an error.
  virtual Error run() = 0;

  // After an error: libc's words for it. "" where libc was not asked.
  const char* reason() const { return reason_; }

 protected:
  // How a call of libc's ended, with errno as it left it.
  Error outcome(int result);

 private:
  const char* reason_ = "";
};

enum AddressFlag : std::uint32_t {
  kPassive = 1u << 0,             // Without a host: the wildcard address, not loopback.
  kCanonicalName = 1u << 1,       // Tell the host's proper name, too.
  kNumericHost = 1u << 2,         // The host is an address in numbers.
  kNumericService = 1u << 3,      // The service is a port's number.
  kMapIpv4 = 1u << 4,             // IPv6: a host without IPv6 addresses has its IPv4 ones, mapped.
  kMapAll = 1u << 5,              // With kMapIpv4: every host has those as well.
  kConfiguredFamilies = 1u << 6,  // Only families of which this machine has an address itself.
  kInternational = 1u << 7,       // DNS is asked for a host outside of ASCII in Punycode.
};

// By whose rules a service's name is looked up.
enum class ServiceKind : std::uint8_t { kAny, kStream, kDatagram };

// Strings are UTF-8 without a zero.
struct AddressQuestion {
  std::optional<std::string> host;     // "" is this machine: the addresses of its interfaces.
  std::optional<std::string> service;  // A name, or a port in decimal. "" is port 0.
  std::optional<Family> family;
  ServiceKind service_kind = ServiceKind::kAny;
  std::uint32_t flags = 0;  // AddressFlag
};

class AddressLookup final : public Lookup {
 public:
  explicit AddressLookup(AddressQuestion question) : question_(std::move(question)) {}

  Error run() override;

  // At least one, none twice, the one to try first in front.
  const std::vector<Address>& addresses() const { return addresses_; }
  const std::string& canonical_name() const { return canonical_name_; }

 private:
  bool asks_for_this_machine() const { return question_.host && question_.host->empty(); }
  void use_own_addresses();
  void add(const Address& address);

  const AddressQuestion question_;
  std::vector<Address> addresses_;
  std::string canonical_name_;
};

enum NameFlag : std::uint32_t {
  kHostInNumbers = 1u << 0,
  kServiceInNumbers = 1u << 1,
  kNameRequired = 1u << 2,     // A host without a name is an error, not given in numbers.
  kLocalNameShort = 1u << 3,   // A host of this machine's own domain is given without it.
  kDatagramService = 1u << 4,  // The port is one of UDP, not of TCP.
};

struct NameQuestion {
  Address address;
  bool wants_host = false;
  bool wants_service = false;
  std::uint32_t flags = 0;  // NameFlag
};

class NameLookup final : public Lookup {
 public:
  explicit NameLookup(const NameQuestion& question) : question_(question) {}

  Error run() override;

  const std::string& host() const { return host_; }
  const std::string& service() const { return service_; }

 private:
  Error find_host();
  Error find_service();

  const NameQuestion question_;
  std::string host_;
  std::string service_;
};

}  // namespace wskrun::net
