// The calls, and their results in a form that tests compare.
#include "kit/name_calls.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "kit/text_address.h"

namespace wskrun::tests {
namespace {

constexpr USHORT kNothingThere = 0x5A5A;

// Host names are in ASCII where they come from DNS or a file.
std::string narrow(std::u16string_view text) {
  std::string result;
  for (const char16_t each : text) result += each < 0x80 ? static_cast<char>(each) : '?';
  return result;
}

std::string text_of(const ADDRINFOEXW& info) {
  if (info.ai_family == AF_INET && info.ai_addrlen == sizeof(SOCKADDR_IN)) {
    SOCKADDR_IN in;
    std::memcpy(&in, info.ai_addr, sizeof in);
    if (in.sin_family != AF_INET) throw std::runtime_error("ai_family is not that of ai_addr");
    return ipv4_text(&in.sin_addr) + ":" + std::to_string(RtlUshortByteSwap(in.sin_port));
  }
  if (info.ai_family == AF_INET6 && info.ai_addrlen == sizeof(SOCKADDR_IN6)) {
    SOCKADDR_IN6 in6;
    std::memcpy(&in6, info.ai_addr, sizeof in6);
    if (in6.sin6_family != AF_INET6) throw std::runtime_error("ai_family is not that of ai_addr");
    return "[" + ipv6_text(&in6.sin6_addr) +
           "]:" + std::to_string(RtlUshortByteSwap(in6.sin6_port));
  }
  throw std::runtime_error("ai_addrlen is not that of ai_family");
}

}  // namespace

AddressInfoCall& AddressInfoCall::start(std::optional<std::u16string_view> node,
                                        std::optional<std::u16string_view> service) {
  free();
  std::optional<UnicodeText> node_text, service_text;
  if (node) node_text.emplace(*node);
  if (service) service_text.emplace(*service);
  ADDRINFOEXW passed = hints;
  irp_.start([&](PIRP irp) {
    return wsk_.WskGetAddressInfo(client_, node ? node_text->get() : nullptr,
                                  service ? service_text->get() : nullptr, name_space, provider,
                                  has_hints ? &passed : nullptr, &list_, process, thread, irp);
  });
  return *this;
}

void AddressInfoCall::free() {
  if (PADDRINFOEXW list = take()) wsk_.WskFreeAddressInfo(client_, list);
}

std::vector<std::string> AddressInfoCall::addresses() const {
  std::vector<std::string> all;
  for (PADDRINFOEXW each = list_; each != nullptr; each = each->ai_next) {
    all.push_back(text_of(*each));
  }
  return all;
}

std::string AddressInfoCall::canonical_name() const {
  if (list_ == nullptr || list_->ai_canonname == nullptr) return "-";
  return narrow(list_->ai_canonname);
}

NameInfoCall& NameInfoCall::start(Sockaddr address, ULONG flags) {
  // One more than there is room for, which must stay as it is.
  node_text_.assign(node_room / sizeof(WCHAR) + 1, kUntouched);
  service_text_.assign(service_room / sizeof(WCHAR) + 1, kUntouched);
  node_ = {kNothingThere, node_room, node_text_.data()};
  service_ = {kNothingThere, service_room, service_text_.data()};
  const ULONG whole = static_cast<ULONG>(sockaddr_size(address.get()));
  irp_.start([&](PIRP irp) {
    return wsk_.WskGetNameInfo(client_, address.get(), length == kWholeAddress ? whole : length,
                               wants_node ? &node_ : nullptr, wants_service ? &service_ : nullptr,
                               flags, process, thread, irp);
  });
  return *this;
}

std::string NameInfoCall::text_of(const UNICODE_STRING& string, const std::u16string& text) {
  const auto untouched = [](WCHAR each) { return each == kUntouched; };
  if (string.Length == kNothingThere && std::all_of(text.begin(), text.end(), untouched)) {
    return "?";
  }
  const std::size_t size = string.Length / sizeof(WCHAR);
  if (size >= text.size() - 1 || text[size] != u'\0') return "!";
  if (!std::all_of(text.begin() + static_cast<std::ptrdiff_t>(size) + 1, text.end(), untouched)) {
    return "!";
  }
  return narrow(std::u16string_view(text).substr(0, size));
}

}  // namespace wskrun::tests
