// TraceLogging: events whose fields have names. Each becomes a line of the log, "Provider.Event
// name=value ...".
#include <TraceLoggingProvider.h>
#include <ip2string.h>
#include <wdm.h>
#include <ws2ipdef.h>

#include <cstdarg>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "nt/etw_provider.h"
#include "nt/irql.h"
#include "nt/utf.h"

namespace wskrun::nt {
namespace {

constexpr UCHAR kVerbose = WINEVENT_LEVEL_VERBOSE;  // An event's level unless it says another one.
constexpr std::size_t kMostFields = 128;            // As many as one event has data descriptors.
constexpr ULONG kMostElements = 64;                 // Of an array, that a line shows.

template <typename... Arguments>
std::string print(const char* form, Arguments... arguments) {
  char text[96];
  std::snprintf(text, sizeof text, form, arguments...);
  return text;
}

template <typename Char>
std::basic_string_view<Char> text_of(const WDK_TL_FIELD& field) {
  const auto* const text = static_cast<const Char*>(field.Value.Data);
  if (text == nullptr) return {};
  return field.Count == WDK_TL_ZERO_TERMINATED ? std::basic_string_view<Char>(text)
                                               : std::basic_string_view<Char>(text, field.Count);
}

std::string quoted_text(const WDK_TL_FIELD& field) {
  return '"' +
         (field.Size == sizeof(WCHAR) ? to_utf8(text_of<char16_t>(field))
                                      : std::string(text_of<char>(field))) +
         '"';
}

std::string binary_text(const void* data, ULONG size) {
  std::string text;
  const ULONG shown = size < kMostElements ? size : kMostElements;
  for (ULONG i = 0; i < shown; ++i) text += print("%02x", static_cast<const UCHAR*>(data)[i]);
  return shown < size ? text + "..." : text;
}

std::string ipv4_text(const void* address) {
  char text[16];
  RtlIpv4AddressToStringA(static_cast<const in_addr*>(address), text);
  return text;
}

std::string ipv6_text(const void* address) {
  char text[46];
  RtlIpv6AddressToStringA(static_cast<const in6_addr*>(address), text);
  return text;
}

std::string socket_address_text(const void* address, ULONG size) {
  char text[INET6_ADDRSTRLEN];
  ULONG length = sizeof text;
  ADDRESS_FAMILY family = 0;
  if (size >= sizeof family) std::memcpy(&family, address, sizeof family);
  if (family == AF_INET && size >= sizeof(SOCKADDR_IN)) {
    const auto& in = *static_cast<const SOCKADDR_IN*>(address);
    RtlIpv4AddressToStringExA(&in.sin_addr, in.sin_port, text, &length);
    return text;
  }
  if (family == AF_INET6 && size >= sizeof(SOCKADDR_IN6)) {
    const auto& in6 = *static_cast<const SOCKADDR_IN6*>(address);
    RtlIpv6AddressToStringExA(&in6.sin6_addr, in6.sin6_scope_id, in6.sin6_port, text, &length);
    return text;
  }
  return binary_text(address, size);
}

std::string time_text(const void* time) {
  LARGE_INTEGER value;
  std::memcpy(&value, time, sizeof value);
  TIME_FIELDS fields;
  RtlTimeToTimeFields(&value, &fields);
  return print("%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", fields.Year, fields.Month, fields.Day,
               fields.Hour, fields.Minute, fields.Second, fields.Milliseconds);
}

std::string character_text(ULONG64 unit) {
  const auto character = static_cast<char16_t>(unit);
  return "'" + to_utf8({&character, 1}) + "'";
}

// A number that lies in eight bytes; negative ones are sign-extended.
std::string number_text(USHORT kind, ULONG64 number) {
  switch (kind) {
    case WDK_TL_SIGNED:
      return print("%lld", static_cast<LONGLONG>(number));
    case WDK_TL_HEX:
      return print("0x%llx", number);
    case WDK_TL_BOOLEAN:
      return number != 0 ? "true" : "false";
    case WDK_TL_CHARACTER:
      return character_text(number);
    case WDK_TL_PORT:
      return print("%u", RtlUshortByteSwap(static_cast<USHORT>(number)));
    case WDK_TL_IPV4_ADDRESS:
      return ipv4_text(&number);
    default:
      return print("%llu", number);
  }
}

ULONG64 element(const WDK_TL_FIELD& array, ULONG index) {
  ULONG64 number = 0;
  std::memcpy(&number, static_cast<const char*>(array.Value.Data) + index * array.Size, array.Size);
  if (array.Kind != WDK_TL_SIGNED || array.Size == sizeof number) return number;
  const unsigned above = 64 - 8u * array.Size;
  return static_cast<ULONG64>(static_cast<LONG64>(number << above) >> above);
}

std::string array_text(const WDK_TL_FIELD& array) {
  std::string text = "[";
  for (ULONG i = 0; i < array.Count && i < kMostElements; ++i) {
    if (i != 0) text += ' ';
    text += number_text(array.Kind, element(array, i));
  }
  if (array.Count > kMostElements) text += " ...";
  return text + ']';
}

std::string value_text(const WDK_TL_FIELD& field) {
  if (field.IsArray) return array_text(field);
  switch (field.Kind) {
    case WDK_TL_FLOAT:
      return print("%g", field.Value.Float);
    case WDK_TL_GUID:
      return guid_text(*static_cast<const GUID*>(field.Value.Data));
    case WDK_TL_IPV6_ADDRESS:
      return ipv6_text(field.Value.Data);
    case WDK_TL_SOCKET_ADDRESS:
      return socket_address_text(field.Value.Data, field.Count);
    case WDK_TL_TIME:
      return time_text(field.Value.Data);
    case WDK_TL_TEXT:
      return quoted_text(field);
    case WDK_TL_BINARY:
      return binary_text(field.Value.Data, field.Count);
    default:
      return number_text(field.Kind, field.Value.Number);
  }
}

// The fields from `next` on, `count` of them; a struct's fields are one of them.
std::string fields_text(const std::vector<WDK_TL_FIELD>& fields, std::size_t& next,
                        std::size_t count) {
  std::string text;
  for (; count > 0 && next < fields.size(); --count) {
    const WDK_TL_FIELD& field = fields[next++];
    if (!text.empty()) text += ' ';
    text += field.Name;
    text += '=';
    text += field.Kind == WDK_TL_STRUCT ? '{' + fields_text(fields, next, field.Count) + '}'
                                        : value_text(field);
  }
  return text;
}

struct Event {
  UCHAR level = kVerbose;
  std::vector<WDK_TL_FIELD> fields;
};

Event read_event(va_list arguments) {
  Event event;
  for (;;) {
    const WDK_TL_FIELD field = va_arg(arguments, WDK_TL_FIELD);
    switch (field.Kind) {
      case WDK_TL_END:
        return event;
      case WDK_TL_LEVEL:
        event.level = static_cast<UCHAR>(field.Value.Number);
        break;
      case WDK_TL_KEYWORD:  // All are enabled.
      case WDK_TL_OPTION:
        break;
      default:
        if (event.fields.size() < kMostFields) event.fields.push_back(field);
    }
  }
}

}  // namespace
}  // namespace wskrun::nt

using namespace wskrun::nt;

extern "C" {

VOID wdk_tl_write(TraceLoggingHProvider Provider, LPCGUID ActivityId, LPCGUID RelatedActivityId,
                  PCSTR Event, ...) {
  if (Provider->RegHandle == 0) return;
  va_list arguments;
  va_start(arguments, Event);
  const auto event = read_event(arguments);
  va_end(arguments);
  if (!is_traced(event.level)) return;
  std::string line = std::string(Provider->Name) + '.' + Event;
  std::size_t next = 0;
  const std::string fields = fields_text(event.fields, next, event.fields.size());
  if (!fields.empty()) line += ' ' + fields;
  write_event_line(event.level, std::move(line), ActivityId, RelatedActivityId);
}

NTSTATUS TraceLoggingRegisterEx(TraceLoggingHProvider hProvider, PETWENABLECALLBACK pEnableCallback,
                                PVOID pCallbackContext) {
  require_irql_at_most(PASSIVE_LEVEL, "TraceLoggingRegister");
  auto& provider = const_cast<_tlgProvider_t&>(*hProvider);
  provider.RegHandle = register_provider(provider.Name, pEnableCallback, pCallbackContext,
                                         __builtin_return_address(0));
  return STATUS_SUCCESS;
}

VOID TraceLoggingUnregister(TraceLoggingHProvider hProvider) {
  auto& provider = const_cast<_tlgProvider_t&>(*hProvider);
  EtwUnregister(provider.RegHandle);
  provider.RegHandle = 0;
}

}  // extern "C"
