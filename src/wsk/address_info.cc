// WskGetAddressInfo and WskFreeAddressInfo: from the driver's UTF-16 and hints to a lookup, and
// from what it found to a list. name_call.h has the way in between.
#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "nt/irql.h"
#include "nt/rtl_string.h"
#include "nt/utf.h"
#include "probe/mistake.h"
#include "wsk/address_list.h"
#include "wsk/arguments.h"
#include "wsk/dispatch.h"
#include "wsk/name_call.h"
#include "wsk/sockaddr.h"
#include "wsk/subsystem.h"

namespace wskrun::wsk {
namespace {

constexpr const char* kOperation = "WskGetAddressInfo";

// The name that GetAddrInfoW has for this machine, beside the empty one.
constexpr std::u16string_view kThisMachine = u"..localmachine";

// The provider of Windows' own TCP/IP for NS_DNS.
constexpr GUID kTcpipNames = {
    0x22059d40, 0x7e9e, 0x11cf, {0xae, 0x5a, 0x00, 0xaa, 0x00, 0xa7, 0x11, 0x2b}};

struct FlagRow {
  ULONG flag;
  std::uint32_t asks;  // 0: there is nothing here for it to change.
};

constexpr FlagRow kFlags[] = {
    {AI_PASSIVE, net::kPassive},
    {AI_CANONNAME, net::kCanonicalName},
    {AI_NUMERICHOST, net::kNumericHost},
    {AI_NUMERICSERV, net::kNumericService},
    {AI_ALL, net::kMapAll},
    {AI_ADDRCONFIG, net::kConfiguredFamilies},
    {AI_V4MAPPED, net::kMapIpv4},
    {AI_FQDN, net::kCanonicalName},
    {AI_DISABLE_IDN_ENCODING, 0},  // See read_flags.
    {AI_BYPASS_DNS_CACHE, 0},      // WSK keeps none.
    {AI_FILESERVER, 0},            // A hint that providers may ignore.
    {AI_NON_AUTHORITATIVE, 0},     // Of NS_EMAIL alone.
};

// Defined, but libc can neither promise these nor tell what they ask for.
constexpr ULONG kFlagsNotHere = AI_DNS_ONLY | AI_FORCE_CLEAR_TEXT | AI_RETURN_TTL | AI_SECURE |
                                AI_RETURN_PREFERRED_NAMES | AI_SECURE_WITH_FALLBACK |
                                AI_EXCLUSIVE_CUSTOM_SERVERS | AI_RETURN_RESPONSE_FLAGS |
                                AI_REQUIRE_SECURE | AI_RESOLUTION_HANDLE | AI_EXTENDED;

constexpr ULONG kProperName = AI_CANONNAME | AI_FQDN;

class AddressInfoCall final : public NameCall {
 public:
  AddressInfoCall(base::RefPtr<Client> client, base::RefPtr<net::AddressLookup> lookup,
                  const AskedFor& asked_for, PADDRINFOEXW* result)
      : NameCall(std::move(client), base::RefPtr<net::Lookup>::share(lookup.get())),
        lookup_(std::move(lookup)),
        asked_for_(asked_for),
        result_(result),
        asked_by_(call_site) {}

 private:
  NTSTATUS give_results() override {
    *result_ = hand_out_addresses(*lookup_, asked_for_, asked_by_);
    return STATUS_SUCCESS;
  }
  NTSTATUS no_such_name() const override {
    const bool as_windows = subsystem().settings().compat == Compat::kWindows;
    return as_windows ? STATUS_NOT_FOUND : STATUS_NO_MATCH;
  }

  const base::RefPtr<net::AddressLookup> lookup_;
  const AskedFor asked_for_;
  PADDRINFOEXW* const result_;
  const void* const asked_by_;
};

// `what`: the parameter's name. No name where there is no string, or one without a buffer.
NTSTATUS read_name(const Client& client, const char* what, const UNICODE_STRING* string,
                   std::optional<std::string>& name) {
  if (string == nullptr) return STATUS_SUCCESS;
  const std::u16string_view text = nt::view_of(*string);
  const bool is_whole = string->Length == text.size() * sizeof(WCHAR);
  if (!is_whole || text.find(u'\0') != text.npos || !nt::is_well_formed(text)) {
    probe::mistake(client.handle(),
                   "%s: %s must be UTF-16 without a NUL or half a character in it, its Length in "
                   "bytes",
                   kOperation, what);
    return STATUS_INVALID_PARAMETER;
  }
  if (string->Buffer != nullptr) name = nt::to_utf8(text == kThisMachine ? u"" : text);
  return STATUS_SUCCESS;
}

NTSTATUS read_flags(const Client& client, ULONG flags, net::AddressQuestion& question) {
  const char* wrong = nullptr;
  ULONG known = kFlagsNotHere;
  for (const FlagRow& row : kFlags) {
    known |= row.flag;
    if ((flags & row.flag) != 0) question.flags |= row.asks;
  }
  if ((flags & AI_DISABLE_IDN_ENCODING) == 0) question.flags |= net::kInternational;
  if ((flags & kProperName) != 0 && !question.host)
    wrong = "a proper name is asked for, of no host";
  if ((flags & kProperName) == kProperName) wrong = "AI_CANONNAME and AI_FQDN exclude each other";
  if ((flags & ~known) != 0) wrong = "there are no such flags";
  if (wrong == nullptr) {
    return (flags & kFlagsNotHere) != 0 ? STATUS_NOT_SUPPORTED : STATUS_SUCCESS;
  }
  probe::mistake(client.handle(), "%s with ai_flags 0x%X: %s", kOperation, flags, wrong);
  return STATUS_INVALID_PARAMETER;
}

net::ServiceKind service_kind(const AskedFor& asked_for) {
  if (asked_for.socket_type == SOCK_STREAM) return net::ServiceKind::kStream;
  if (asked_for.socket_type == SOCK_DGRAM) return net::ServiceKind::kDatagram;
  if (asked_for.socket_type != 0) return net::ServiceKind::kAny;
  if (asked_for.protocol == IPPROTO_TCP) return net::ServiceKind::kStream;
  if (asked_for.protocol == IPPROTO_UDP) return net::ServiceKind::kDatagram;
  return net::ServiceKind::kAny;
}

// The names have been read.
NTSTATUS read_hints(const Client& client, const ADDRINFOEXW& hints, net::AddressQuestion& question,
                    AskedFor& asked_for) {
  if (hints.ai_addrlen != 0 || hints.ai_canonname != nullptr || hints.ai_addr != nullptr ||
      hints.ai_blob != nullptr || hints.ai_bloblen != 0 || hints.ai_provider != nullptr ||
      hints.ai_next != nullptr) {
    probe::mistake(client.handle(),
                   "%s: of Hints only ai_flags, ai_family, ai_socktype and ai_protocol may be set",
                   kOperation);
    return STATUS_INVALID_PARAMETER;
  }
  asked_for = {hints.ai_socktype, hints.ai_protocol};
  if (hints.ai_socktype < 0 || hints.ai_socktype > SOCK_RAW) return STATUS_NOT_SUPPORTED;
  if (hints.ai_family != AF_UNSPEC) {
    if (hints.ai_family != AF_INET && hints.ai_family != AF_INET6) return STATUS_NOT_SUPPORTED;
    question.family = family_of(static_cast<ADDRESS_FAMILY>(hints.ai_family));
  }
  question.service_kind = service_kind(asked_for);
  return read_flags(client, static_cast<ULONG>(hints.ai_flags), question);
}

// The system's resolver stands for all name services at once, DNS and the hosts file among them.
bool is_asked(ULONG name_space, const GUID* provider) {
  const bool has_name_space = name_space == NS_ALL || name_space == NS_DNS;
  return has_name_space && (provider == nullptr || IsEqualGUID(*provider, kTcpipNames));
}

}  // namespace

NTSTATUS WSKAPI get_address_info(PWSK_CLIENT Client, PUNICODE_STRING NodeName,
                                 PUNICODE_STRING ServiceName, ULONG NameSpace, GUID* Provider,
                                 PADDRINFOEXW Hints, PADDRINFOEXW* Result, PEPROCESS OwningProcess,
                                 PETHREAD OwningThread, PIRP Irp) {
  nt::require_irql_at_most(PASSIVE_LEVEL, kOperation);
  base::RefPtr<wsk::Client> client;
  NTSTATUS status = check_call(Client, Irp, kOperation, client);
  if (!NT_SUCCESS(status)) return status;

  net::AddressQuestion question;
  AskedFor asked_for;
  const ADDRINFOEXW none = {};
  status = check_owners(*client, kOperation, OwningProcess, OwningThread);
  if (NT_SUCCESS(status)) status = read_name(*client, "NodeName", NodeName, question.host);
  if (NT_SUCCESS(status)) status = read_name(*client, "ServiceName", ServiceName, question.service);
  if (NT_SUCCESS(status) && (Result == nullptr || (!question.host && !question.service))) {
    probe::mistake(Client, "%s needs a Result, and a NodeName or a ServiceName", kOperation);
    status = STATUS_INVALID_PARAMETER;
  }
  if (NT_SUCCESS(status)) {
    status = read_hints(*client, Hints != nullptr ? *Hints : none, question, asked_for);
  }
  if (NT_SUCCESS(status) && !is_asked(NameSpace, Provider)) status = STATUS_NOT_SUPPORTED;
  if (Result != nullptr) *Result = nullptr;
  if (!NT_SUCCESS(status)) return refuse_name_call(*client, Irp, kOperation, status);

  auto lookup =
      base::RefPtr<net::AddressLookup>::adopt(new net::AddressLookup(std::move(question)));
  const auto call = base::RefPtr<NameCall>::adopt(
      new AddressInfoCall(std::move(client), std::move(lookup), asked_for, Result));
  return call->start(Irp, kOperation);
}

VOID WSKAPI free_address_info(PWSK_CLIENT Client, PADDRINFOEXW AddrInfo) {
  nt::require_irql_at_most(PASSIVE_LEVEL, "WskFreeAddressInfo");
  base::RefPtr<wsk::Client> client;
  find_client(Client, "WskFreeAddressInfo", client);  // Says so; the list goes all the same.
  if (take_back_addresses(AddrInfo)) return;
  probe::mistake(Client,
                 "WskFreeAddressInfo(%p): no list of WskGetAddressInfo begins there, or it was "
                 "freed before",
                 static_cast<void*>(AddrInfo));
}

}  // namespace wskrun::wsk
