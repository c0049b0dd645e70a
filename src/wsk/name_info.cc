// WskGetNameInfo: from an address to a lookup, and from the names it found to the driver's strings.
// name_call.h has the way in between.
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include "nt/irql.h"
#include "nt/utf.h"
#include "probe/mistake.h"
#include "wsk/arguments.h"
#include "wsk/dispatch.h"
#include "wsk/name_call.h"
#include "wsk/sockaddr.h"

namespace wskrun::wsk {
namespace {

constexpr const char* kOperation = "WskGetNameInfo";

struct FlagRow {
  ULONG flag;
  std::uint32_t asks;
};

constexpr FlagRow kFlags[] = {
    {NI_NOFQDN, net::kLocalNameShort}, {NI_NUMERICHOST, net::kHostInNumbers},
    {NI_NAMEREQD, net::kNameRequired}, {NI_NUMERICSERV, net::kServiceInNumbers},
    {NI_DGRAM, net::kDatagramService},
};

bool has_room(const UNICODE_STRING* string, const std::u16string& text) {
  if (string == nullptr) return true;
  return string->Buffer != nullptr && string->MaximumLength >= (text.size() + 1) * sizeof(WCHAR);
}

void put(UNICODE_STRING* string, const std::u16string& text) {
  if (string == nullptr) return;
  string->Length = static_cast<USHORT>(text.size() * sizeof(WCHAR));
  std::memcpy(string->Buffer, text.c_str(), string->Length + sizeof(WCHAR));
}

class NameInfoCall final : public NameCall {
 public:
  NameInfoCall(base::RefPtr<Client> client, base::RefPtr<net::NameLookup> lookup,
               PUNICODE_STRING node, PUNICODE_STRING service)
      : NameCall(std::move(client), base::RefPtr<net::Lookup>::share(lookup.get())),
        lookup_(std::move(lookup)),
        node_(node),
        service_(service) {}

 private:
  // Both names or none.
  NTSTATUS give_results() override {
    const std::u16string host = nt::to_utf16(lookup_->host());
    const std::u16string service = nt::to_utf16(lookup_->service());
    if (!has_room(node_, host) || !has_room(service_, service)) return STATUS_BUFFER_TOO_SMALL;
    put(node_, host);
    put(service_, service);
    return STATUS_SUCCESS;
  }

  const base::RefPtr<net::NameLookup> lookup_;
  const PUNICODE_STRING node_;
  const PUNICODE_STRING service_;
};

// Nothing where it is not an address of IPv4 or IPv6, or not all of it is there.
std::optional<net::Address> read_address(const SOCKADDR* sockaddr, ULONG length) {
  if (sockaddr == nullptr || length < sizeof(SOCKADDR_IN) || length > sizeof(SOCKADDR_STORAGE)) {
    return std::nullopt;
  }
  if (sockaddr->sa_family == AF_INET6 && length < sizeof(SOCKADDR_IN6)) return std::nullopt;
  return address_of(sockaddr);
}

NTSTATUS read_flags(const Client& client, ULONG flags, std::uint32_t& asked) {
  constexpr ULONG kContradiction = NI_NUMERICHOST | NI_NAMEREQD;
  ULONG known = 0;
  for (const FlagRow& row : kFlags) {
    known |= row.flag;
    if ((flags & row.flag) != 0) asked |= row.asks;
  }
  if ((flags & ~known) == 0 && (flags & kContradiction) != kContradiction) return STATUS_SUCCESS;
  probe::mistake(client.handle(),
                 "%s with Flags 0x%X: there are no such flags, or NI_NUMERICHOST and NI_NAMEREQD, "
                 "which exclude each other",
                 kOperation, flags);
  return STATUS_INVALID_PARAMETER;
}

}  // namespace

NTSTATUS WSKAPI get_name_info(PWSK_CLIENT Client, PSOCKADDR SockAddr, ULONG SockAddrLength,
                              PUNICODE_STRING NodeName, PUNICODE_STRING ServiceName, ULONG Flags,
                              PEPROCESS OwningProcess, PETHREAD OwningThread, PIRP Irp) {
  nt::require_irql_at_most(PASSIVE_LEVEL, kOperation);
  base::RefPtr<wsk::Client> client;
  NTSTATUS status = check_call(Client, Irp, kOperation, client);
  if (!NT_SUCCESS(status)) return status;

  net::NameQuestion question = {.wants_host = NodeName != nullptr,
                                .wants_service = ServiceName != nullptr};
  status = check_owners(*client, kOperation, OwningProcess, OwningThread);
  if (NT_SUCCESS(status)) status = read_flags(*client, Flags, question.flags);
  const std::optional<net::Address> address = read_address(SockAddr, SockAddrLength);
  if (NT_SUCCESS(status) && (!address || (NodeName == nullptr && ServiceName == nullptr))) {
    probe::mistake(Client,
                   "%s needs a whole SOCKADDR_IN or SOCKADDR_IN6, and a NodeName or a ServiceName",
                   kOperation);
    status = STATUS_INVALID_PARAMETER;
  }
  if (!NT_SUCCESS(status)) return refuse_name_call(*client, Irp, kOperation, status);

  question.address = *address;
  auto lookup = base::RefPtr<net::NameLookup>::adopt(new net::NameLookup(question));
  const auto call = base::RefPtr<NameCall>::adopt(
      new NameInfoCall(std::move(client), std::move(lookup), NodeName, ServiceName));
  return call->start(Irp, kOperation);
}

}  // namespace wskrun::wsk
