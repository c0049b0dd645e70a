// IPv4 and IPv6 addresses as text and back, as ip2string.h declares them. rtl_convert.cc converts
// numbers and strings.
#include <ip2string.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

namespace {

constexpr std::size_t kWords = 8;  // Of an IPv6 address.

USHORT word_of(const in6_addr& address, std::size_t index) {
  return __builtin_bswap16(address.u.Word[index]);
}

// Writing.

std::string text_of(const UCHAR* bytes) {
  char text[16];
  const int length =
      std::snprintf(text, sizeof text, "%u.%u.%u.%u", bytes[0], bytes[1], bytes[2], bytes[3]);
  return std::string(text, static_cast<std::size_t>(length));
}

std::string text_of(const in_addr& address) {
  return text_of(reinterpret_cast<const UCHAR*>(&address));
}

struct Run {
  std::size_t begin = 0;
  std::size_t length = 0;
};

// The first of the longest runs of zero among the first `words`; one word alone is none.
Run longest_zeros(const in6_addr& address, std::size_t words) {
  Run longest;
  Run current;
  for (std::size_t i = 0; i < words; ++i) {
    current = word_of(address, i) != 0 ? Run{i + 1, 0} : Run{current.begin, current.length + 1};
    if (current.length > longest.length) longest = current;
  }
  return longest.length > 1 ? longest : Run{words, 0};
}

// IPv4-mapped, -compatible and -translated addresses, and those of ISATAP.
bool ends_in_ipv4(const in6_addr& address) {
  const USHORT fourth = word_of(address, 4);
  const USHORT fifth = word_of(address, 5);
  if ((fourth & ~0x0200) == 0 && fifth == 0x5efe) return true;
  const bool zeros =
      std::all_of(address.u.Word, address.u.Word + 4, [](USHORT w) { return w == 0; });
  if (!zeros || address.u.Word[6] == 0) return false;
  return (fourth == 0 && (fifth == 0 || fifth == 0xffff)) || (fourth == 0xffff && fifth == 0);
}

std::string text_of(const in6_addr& address) {
  const std::size_t words = ends_in_ipv4(address) ? kWords - 2 : kWords;
  const Run zeros = longest_zeros(address, words);
  std::string text;
  for (std::size_t i = 0; i < words;) {
    if (i == zeros.begin) {
      text += "::";
      i += zeros.length;
      continue;
    }
    if (!text.empty() && text.back() != ':') text += ':';
    char digits[5];
    std::snprintf(digits, sizeof digits, "%x", word_of(address, i++));
    text += digits;
  }
  if (words == kWords) return text;
  if (text.back() != ':') text += ':';
  return text + text_of(address.u.Byte + 12);
}

template <typename Char>
Char* put(const std::string& text, Char* out) {
  Char* const end = std::copy(text.begin(), text.end(), out);
  *end = 0;
  return end;
}

template <typename Char>
NTSTATUS put_within(const std::string& text, Char* out, ULONG* length) {
  if (out == nullptr || length == nullptr) return STATUS_INVALID_PARAMETER;
  const ULONG room = *length;
  *length = static_cast<ULONG>(text.size() + 1);
  if (room < *length) return STATUS_INVALID_PARAMETER;
  put(text, out);
  return STATUS_SUCCESS;
}

std::string with_port(const std::string& text, USHORT port) {
  return port == 0 ? text : text + ':' + std::to_string(__builtin_bswap16(port));
}

std::string with_scope_and_port(const in6_addr& address, ULONG scope, USHORT port) {
  std::string text = text_of(address);
  if (scope != 0) text += '%' + std::to_string(scope);
  return port == 0 ? text : with_port('[' + text + ']', port);
}

// Reading. Each function reads what it is named after from the front of the text, and leaves the
// rest; after a failure the reader stands where it understood no more.

constexpr unsigned kNoDigit = 255;

unsigned digit_of(unsigned unit) {
  if (unit >= '0' && unit <= '9') return unit - '0';
  if (unit >= 'a' && unit <= 'f') return unit - 'a' + 10;
  if (unit >= 'A' && unit <= 'F') return unit - 'A' + 10;
  return kNoDigit;
}

template <typename Char>
class Reader {
 public:
  explicit Reader(const Char* text) : text_(text) {}

  const Char* position() const { return text_; }
  bool at_end() const { return *text_ == 0; }
  bool sees(char wanted) const { return *text_ == static_cast<Char>(wanted); }
  bool sees_digit(unsigned base) const { return digit_of(unit(0)) < base; }

  bool take(char wanted) {
    if (!sees(wanted)) return false;
    ++text_;
    return true;
  }

  bool take_gap() {
    if (unit(0) != ':' || unit(1) != ':') return false;
    text_ += 2;
    return true;
  }

  // At least one digit; nothing above `most`.
  std::optional<std::uint32_t> number(unsigned base, std::uint32_t most) {
    if (!sees_digit(base)) return std::nullopt;
    std::uint64_t value = 0;
    for (; sees_digit(base); ++text_) {
      value = value * base + digit_of(unit(0));
      if (value > most) return std::nullopt;
    }
    return static_cast<std::uint32_t>(value);
  }

  // As C writes numbers: 0x for hexadecimal, 0 for octal.
  std::optional<std::uint32_t> number_of_any_base(std::uint32_t most) {
    if (unit(0) != '0') return number(10, most);
    if (unit(1) != 'x' && unit(1) != 'X') return number(8, most);
    text_ += 2;
    return number(16, most);
  }

  // Decimal, without zeros in front.
  std::optional<std::uint32_t> strict_number(std::uint32_t most) {
    if (unit(0) == '0' && digit_of(unit(1)) < 10) return std::nullopt;
    return number(10, most);
  }

 private:
  unsigned unit(std::size_t index) const {
    return static_cast<std::make_unsigned_t<Char>>(text_[index]);
  }

  const Char* text_;
};

// In this processor's byte order.
template <typename Char>
std::optional<std::uint32_t> strict_ipv4(Reader<Char>& reader) {
  std::uint32_t address = 0;
  for (int i = 0; i < 4; ++i) {
    if (i != 0 && !reader.take('.')) return std::nullopt;
    const std::optional<std::uint32_t> part = reader.strict_number(255);
    if (!part) return std::nullopt;
    address = address << 8 | *part;
  }
  if (reader.sees('.')) return std::nullopt;
  return address;
}

template <typename Char>
std::optional<std::uint32_t> loose_ipv4(Reader<Char>& reader) {
  std::uint32_t address = 0;
  for (unsigned bits_left = 32;; bits_left -= 8) {
    const std::optional<std::uint32_t> part =
        reader.number_of_any_base(UINT32_MAX >> (32 - bits_left));
    if (!part) return std::nullopt;
    if (!reader.sees('.')) return address | *part;
    if (bits_left == 8 || *part > 255) return std::nullopt;
    address |= *part << (bits_left - 8);
    reader.take('.');
  }
}

template <typename Char>
bool read(Reader<Char>& reader, bool strict, in_addr& out) {
  const std::optional<std::uint32_t> address = strict ? strict_ipv4(reader) : loose_ipv4(reader);
  if (address) out.S_un.S_addr = __builtin_bswap32(*address);
  return address.has_value();
}

// The words of an IPv6 address as they are read; those after the gap move to the end.
struct Words {
  void add(std::uint32_t word) { words[count++] = static_cast<USHORT>(word); }

  std::optional<in6_addr> address() const {
    if (gap ? count == kWords : count != kWords) return std::nullopt;
    in6_addr address = {};
    const std::size_t before = gap.value_or(count);
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t place = i < before ? i : kWords - count + i;
      address.u.Word[place] = __builtin_bswap16(words[i]);
    }
    return address;
  }

  USHORT words[kWords];
  std::size_t count = 0;
  std::optional<std::size_t> gap;
};

// One group, or a.b.c.d, which is two and the last. `false` when it is neither.
template <typename Char>
bool read_group(Reader<Char>& reader, Words& words, bool& last) {
  Reader<Char> ahead = reader;
  const std::optional<std::uint32_t> word = ahead.number(16, 0xffff);
  last = !ahead.sees(':');
  if (ahead.sees('.')) {
    if (words.count > kWords - 2) return false;
    const std::optional<std::uint32_t> address = strict_ipv4(reader);
    if (!address) return false;
    words.add(*address >> 16);
    words.add(*address & 0xffff);
    return true;
  }
  if (!word || ahead.position() - reader.position() > 4) return false;
  reader = ahead;
  words.add(*word);
  return true;
}

template <typename Char>
bool read(Reader<Char>& reader, in6_addr& out) {
  Words words;
  if (reader.take_gap()) words.gap = 0;
  bool last = words.gap && !reader.sees_digit(16);
  while (!last) {
    if (words.count == kWords || !read_group(reader, words, last)) return false;
    if (last) break;
    if (!reader.take_gap()) {
      reader.take(':');
      continue;
    }
    if (words.gap) return false;
    words.gap = words.count;
    last = !reader.sees_digit(16);
  }
  if (reader.sees(':')) return false;
  const std::optional<in6_addr> address = words.address();
  if (address) out = *address;
  return address.has_value();
}

// ":port", if it is there.
template <typename Char>
bool read_port(Reader<Char>& reader, USHORT& port) {
  port = 0;
  if (!reader.take(':')) return true;
  const std::optional<std::uint32_t> number = reader.number_of_any_base(0xffff);
  if (number) port = __builtin_bswap16(static_cast<USHORT>(*number));
  return number.has_value();
}

// "%scope", if it is there.
template <typename Char>
bool read_scope(Reader<Char>& reader, ULONG& scope) {
  scope = 0;
  if (!reader.take('%')) return true;
  const std::optional<std::uint32_t> number = reader.number(10, UINT32_MAX);
  scope = number.value_or(0);
  return number.has_value();
}

NTSTATUS status_of(bool understood) {
  return understood ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

template <typename Char>
NTSTATUS to_ipv4(const Char* text, bool strict, const Char** terminator, in_addr* address) {
  Reader<Char> reader(text);
  const bool understood = read(reader, strict, *address);
  *terminator = reader.position();
  return status_of(understood);
}

template <typename Char>
NTSTATUS to_ipv6(const Char* text, const Char** terminator, in6_addr* address) {
  Reader<Char> reader(text);
  const bool understood = read(reader, *address);
  *terminator = reader.position();
  return status_of(understood);
}

template <typename Char>
NTSTATUS to_ipv4_and_port(const Char* text, bool strict, in_addr* address, USHORT* port) {
  if (text == nullptr || address == nullptr || port == nullptr) return STATUS_INVALID_PARAMETER;
  Reader<Char> reader(text);
  in_addr read_address;
  USHORT read_port_number;
  if (!read(reader, strict, read_address) || !read_port(reader, read_port_number) ||
      !reader.at_end()) {
    return STATUS_INVALID_PARAMETER;
  }
  *address = read_address;
  *port = read_port_number;
  return STATUS_SUCCESS;
}

template <typename Char>
NTSTATUS to_ipv6_and_port(const Char* text, in6_addr* address, ULONG* scope, USHORT* port) {
  if (text == nullptr || address == nullptr || scope == nullptr || port == nullptr) {
    return STATUS_INVALID_PARAMETER;
  }
  Reader<Char> reader(text);
  const bool bracketed = reader.take('[');
  in6_addr read_address;
  ULONG read_scope_id;
  USHORT read_port_number = 0;
  if (!read(reader, read_address) || !read_scope(reader, read_scope_id) ||
      (bracketed && (!reader.take(']') || !read_port(reader, read_port_number))) ||
      !reader.at_end()) {
    return STATUS_INVALID_PARAMETER;
  }
  *address = read_address;
  *scope = read_scope_id;
  *port = read_port_number;
  return STATUS_SUCCESS;
}

}  // namespace

extern "C" {

PSTR RtlIpv4AddressToStringA(const in_addr* Addr, PSTR S) {
  return put(text_of(*Addr), S);
}

PWSTR RtlIpv4AddressToStringW(const in_addr* Addr, PWSTR S) {
  return put(text_of(*Addr), S);
}

NTSTATUS RtlIpv4AddressToStringExA(const in_addr* Address, USHORT Port, PSTR AddressString,
                                   PULONG AddressStringLength) {
  return put_within(with_port(text_of(*Address), Port), AddressString, AddressStringLength);
}

NTSTATUS RtlIpv4AddressToStringExW(const in_addr* Address, USHORT Port, PWSTR AddressString,
                                   PULONG AddressStringLength) {
  return put_within(with_port(text_of(*Address), Port), AddressString, AddressStringLength);
}

NTSTATUS RtlIpv4StringToAddressA(PCSTR S, BOOLEAN Strict, PCSTR* Terminator, in_addr* Addr) {
  return to_ipv4(S, Strict, Terminator, Addr);
}

NTSTATUS RtlIpv4StringToAddressW(PCWSTR S, BOOLEAN Strict, LPCWSTR* Terminator, in_addr* Addr) {
  return to_ipv4(S, Strict, Terminator, Addr);
}

NTSTATUS RtlIpv4StringToAddressExA(PCSTR AddressString, BOOLEAN Strict, in_addr* Address,
                                   PUSHORT Port) {
  return to_ipv4_and_port(AddressString, Strict, Address, Port);
}

NTSTATUS RtlIpv4StringToAddressExW(PCWSTR AddressString, BOOLEAN Strict, in_addr* Address,
                                   PUSHORT Port) {
  return to_ipv4_and_port(AddressString, Strict, Address, Port);
}

PSTR RtlIpv6AddressToStringA(const in6_addr* Addr, PSTR S) {
  return put(text_of(*Addr), S);
}

PWSTR RtlIpv6AddressToStringW(const in6_addr* Addr, PWSTR S) {
  return put(text_of(*Addr), S);
}

NTSTATUS RtlIpv6AddressToStringExA(const in6_addr* Address, ULONG ScopeId, USHORT Port,
                                   PSTR AddressString, PULONG AddressStringLength) {
  return put_within(with_scope_and_port(*Address, ScopeId, Port), AddressString,
                    AddressStringLength);
}

NTSTATUS RtlIpv6AddressToStringExW(const in6_addr* Address, ULONG ScopeId, USHORT Port,
                                   PWSTR AddressString, PULONG AddressStringLength) {
  return put_within(with_scope_and_port(*Address, ScopeId, Port), AddressString,
                    AddressStringLength);
}

NTSTATUS RtlIpv6StringToAddressA(PCSTR S, PCSTR* Terminator, in6_addr* Addr) {
  return to_ipv6(S, Terminator, Addr);
}

NTSTATUS RtlIpv6StringToAddressW(PCWSTR S, PCWSTR* Terminator, in6_addr* Addr) {
  return to_ipv6(S, Terminator, Addr);
}

NTSTATUS RtlIpv6StringToAddressExA(PCSTR AddressString, in6_addr* Address, PULONG ScopeId,
                                   PUSHORT Port) {
  return to_ipv6_and_port(AddressString, Address, ScopeId, Port);
}

NTSTATUS RtlIpv6StringToAddressExW(PCWSTR AddressString, in6_addr* Address, PULONG ScopeId,
                                   PUSHORT Port) {
  return to_ipv6_and_port(AddressString, Address, ScopeId, Port);
}

}  // extern "C"
