// Addresses as text and back.
#include <gtest/gtest.h>
#include <ip2string.h>

#include <cstring>
#include <optional>
#include <string>
#include <vector>

namespace {

in_addr ipv4(UCHAR a, UCHAR b, UCHAR c, UCHAR d) {
  in_addr address;
  address.S_un.S_un_b = {a, b, c, d};
  return address;
}

in6_addr ipv6(const USHORT (&words)[8]) {
  in6_addr address;
  for (int i = 0; i < 8; ++i) address.u.Word[i] = __builtin_bswap16(words[i]);
  return address;
}

constexpr USHORT kPort80 = 0x5000;  // In network byte order.

struct Ipv4Row {
  const char* text;
  bool strict;
  std::optional<ULONG> address;  // In this processor's byte order.
  std::size_t read;              // Characters before the terminator.
};

TEST(RtlIpAddress, ReadsIpv4) {
  const Ipv4Row rows[] = {
      {"127.0.0.1", true, 0x7f000001, 9},     {"255.255.255.255", true, 0xffffffff, 15},
      {"1.2.3.4:80", true, 0x01020304, 7},    {"1.2.3.4 rest", false, 0x01020304, 7},
      {"1.2.3", true, std::nullopt, 5},       {"1.2.3.256", true, std::nullopt, 8},
      {"1.2.3.04", true, std::nullopt, 6},    {"1.2.3.0x4", true, 0x01020300, 7},
      {"1.2.3.4.5", true, std::nullopt, 7},   {"1.2.3.4.5", false, std::nullopt, 7},
      {"1.2.3", false, 0x01020003, 5},        {"1.2", false, 0x01000002, 3},
      {"0x7f000001", false, 0x7f000001, 10},  {"0x7F.1", false, 0x7f000001, 6},
      {"010.0.0.010", false, 0x08000008, 11}, {"4294967296", false, std::nullopt, 9},
      {"256.1", false, std::nullopt, 3},      {"1.2.", false, std::nullopt, 4},
      {"", false, std::nullopt, 0},           {"x", true, std::nullopt, 0},
  };
  for (const Ipv4Row& row : rows) {
    in_addr address = ipv4(9, 9, 9, 9);
    PCSTR end = nullptr;
    const NTSTATUS status = RtlIpv4StringToAddressA(row.text, row.strict, &end, &address);
    EXPECT_EQ(status, row.address ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER) << row.text;
    EXPECT_EQ(__builtin_bswap32(address.S_un.S_addr), row.address.value_or(0x09090909)) << row.text;
    EXPECT_EQ(end - row.text, static_cast<std::ptrdiff_t>(row.read)) << row.text;
  }
}

struct Ipv6Row {
  const char* text;
  std::vector<USHORT> words;  // Empty: no address.
  std::size_t read;
};

TEST(RtlIpAddress, ReadsIpv6) {
  const Ipv6Row rows[] = {
      {"::", {0, 0, 0, 0, 0, 0, 0, 0}, 2},
      {"::1", {0, 0, 0, 0, 0, 0, 0, 1}, 3},
      {"fe80::1%3", {0xfe80, 0, 0, 0, 0, 0, 0, 1}, 7},
      {"FE80:0:0:0:1:2:3:4]", {0xfe80, 0, 0, 0, 1, 2, 3, 4}, 18},
      {"1::", {1, 0, 0, 0, 0, 0, 0, 0}, 3},
      {"1:2:3:4:5:6:7::", {1, 2, 3, 4, 5, 6, 7, 0}, 15},
      {"::ffff:1.2.3.4", {0, 0, 0, 0, 0, 0xffff, 0x102, 0x304}, 14},
      {"1:2:3:4:5:6:1.2.3.4", {1, 2, 3, 4, 5, 6, 0x102, 0x304}, 19},
      {"1:2:3:4:5:6:7", {}, 13},
      {"1:2:3:4:5:6:7:8:9", {}, 16},
      {"1:2:3:4:5:6:7:1.2.3.4", {}, 14},
      {"1::2::3", {}, 6},
      {"1:2:3:4::5:6:7:8", {}, 16},
      {"12345::", {}, 0},
      {":1", {}, 0},
      {"1:", {}, 2},
      {":::", {}, 2},
      {"", {}, 0},
  };
  for (const Ipv6Row& row : rows) {
    in6_addr address = ipv6({9, 9, 9, 9, 9, 9, 9, 9});
    PCSTR end = nullptr;
    const NTSTATUS status = RtlIpv6StringToAddressA(row.text, &end, &address);
    EXPECT_EQ(status, row.words.empty() ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS) << row.text;
    for (std::size_t i = 0; i < 8; ++i) {
      const USHORT expected = row.words.empty() ? 9 : row.words[i];
      EXPECT_EQ(__builtin_bswap16(address.u.Word[i]), expected) << row.text << " word " << i;
    }
    EXPECT_EQ(end - row.text, static_cast<std::ptrdiff_t>(row.read)) << row.text;
  }
}

TEST(RtlIpAddress, WritesIpv6) {
  const struct {
    USHORT words[8];
    const char* text;
  } rows[] = {
      {{0, 0, 0, 0, 0, 0, 0, 0}, "::"},
      {{0, 0, 0, 0, 0, 0, 0, 1}, "::1"},
      {{1, 0, 0, 0, 0, 0, 0, 0}, "1::"},
      {{0xfe80, 0, 0, 0, 0xab, 2, 3, 4}, "fe80::ab:2:3:4"},
      {{1, 0, 2, 3, 4, 5, 6, 7}, "1:0:2:3:4:5:6:7"},
      {{1, 0, 0, 2, 0, 0, 0, 3}, "1:0:0:2::3"},
      {{1, 0, 0, 2, 0, 0, 3, 4}, "1::2:0:0:3:4"},
      {{1, 2, 3, 4, 5, 6, 0, 0}, "1:2:3:4:5:6::"},
      {{0, 0, 0, 0, 0, 0xffff, 0x102, 0x304}, "::ffff:1.2.3.4"},
      {{0, 0, 0, 0, 0, 0, 0x102, 0x304}, "::1.2.3.4"},
      {{0, 0, 0, 0, 0xffff, 0, 0x102, 0x304}, "::ffff:0:1.2.3.4"},
      {{0xfe80, 0, 0, 0, 0, 0x5efe, 0x102, 0x304}, "fe80::5efe:1.2.3.4"},
      {{0xfe80, 0, 0, 0, 0x200, 0x5efe, 0x102, 0x304}, "fe80::200:5efe:1.2.3.4"},
  };
  for (const auto& row : rows) {
    const in6_addr address = ipv6(row.words);
    char text[46];
    EXPECT_EQ(RtlIpv6AddressToStringA(&address, text), text + std::strlen(row.text));
    EXPECT_EQ(std::string(text), row.text);
    in6_addr back;
    PCSTR end = nullptr;
    EXPECT_EQ(RtlIpv6StringToAddressA(text, &end, &back), STATUS_SUCCESS) << text;
    EXPECT_EQ(std::memcmp(&address, &back, sizeof back), 0) << text;
  }
}

TEST(RtlIpAddress, WritesIpv4WithItsPortIfThereIsRoom) {
  const in_addr address = ipv4(192, 168, 0, 1);
  char text[22];
  EXPECT_EQ(RtlIpv4AddressToStringA(&address, text), text + 11);
  EXPECT_EQ(std::string(text), "192.168.0.1");
  ULONG length = sizeof text;
  EXPECT_EQ(RtlIpv4AddressToStringExA(&address, kPort80, text, &length), STATUS_SUCCESS);
  EXPECT_EQ(std::string(text), "192.168.0.1:80");
  EXPECT_EQ(length, 15u);
  length = 14;
  EXPECT_EQ(RtlIpv4AddressToStringExA(&address, kPort80, text, &length), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(length, 15u);
  WCHAR wide[22];
  length = 12;
  EXPECT_EQ(RtlIpv4AddressToStringExW(&address, 0, wide, &length), STATUS_SUCCESS);
  EXPECT_EQ(std::u16string(wide), u"192.168.0.1");
  EXPECT_EQ(RtlIpv4AddressToStringExA(&address, 0, nullptr, &length), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(RtlIpv4AddressToStringExA(&address, 0, text, nullptr), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(RtlIpv4AddressToStringW(&address, wide), wide + 11);
}

TEST(RtlIpAddress, WritesIpv6WithScopeAndPort) {
  const in6_addr address = ipv6({0xfe80, 0, 0, 0, 0, 0, 0, 1});
  char text[65];
  ULONG length = sizeof text;
  EXPECT_EQ(RtlIpv6AddressToStringExA(&address, 3, kPort80, text, &length), STATUS_SUCCESS);
  EXPECT_EQ(std::string(text), "[fe80::1%3]:80");
  EXPECT_EQ(length, 15u);
  EXPECT_EQ(RtlIpv6AddressToStringExA(&address, 3, 0, text, &length), STATUS_SUCCESS);
  EXPECT_EQ(std::string(text), "fe80::1%3");
  length = 9;
  EXPECT_EQ(RtlIpv6AddressToStringExA(&address, 3, 0, text, &length), STATUS_INVALID_PARAMETER);
  EXPECT_EQ(length, 10u);
  WCHAR wide[65];
  length = 65;
  EXPECT_EQ(RtlIpv6AddressToStringExW(&address, 0, kPort80, wide, &length), STATUS_SUCCESS);
  EXPECT_EQ(std::u16string(wide), u"[fe80::1]:80");
  EXPECT_EQ(RtlIpv6AddressToStringW(&address, wide), wide + 7);
}

TEST(RtlIpAddress, ReadsIpv4WithItsPort) {
  in_addr address = ipv4(9, 9, 9, 9);
  USHORT port = 7;
  EXPECT_EQ(RtlIpv4StringToAddressExA("1.2.3.4:80", TRUE, &address, &port), STATUS_SUCCESS);
  EXPECT_EQ(__builtin_bswap32(address.S_un.S_addr), 0x01020304u);
  EXPECT_EQ(port, kPort80);
  EXPECT_EQ(RtlIpv4StringToAddressExW(u"1.2.3.4:0x50", TRUE, &address, &port), STATUS_SUCCESS);
  EXPECT_EQ(port, kPort80);
  EXPECT_EQ(RtlIpv4StringToAddressExA("1.2.3.4", TRUE, &address, &port), STATUS_SUCCESS);
  EXPECT_EQ(port, 0);
  for (const char* text :
       {"1.2.3.4:", "1.2.3.4:65536", "1.2.3.4:80 ", "1.2.3.4x", "1.2.3:80", ""}) {
    EXPECT_EQ(RtlIpv4StringToAddressExA(text, TRUE, &address, &port), STATUS_INVALID_PARAMETER)
        << text;
  }
  EXPECT_EQ(RtlIpv4StringToAddressExA(nullptr, TRUE, &address, &port), STATUS_INVALID_PARAMETER);
}

TEST(RtlIpAddress, ReadsIpv6WithScopeAndPort) {
  in6_addr address;
  ULONG scope = 7;
  USHORT port = 7;
  EXPECT_EQ(RtlIpv6StringToAddressExA("[fe80::1%3]:80", &address, &scope, &port), STATUS_SUCCESS);
  EXPECT_EQ(address.u.Byte[15], 1);
  EXPECT_EQ(scope, 3u);
  EXPECT_EQ(port, kPort80);
  EXPECT_EQ(RtlIpv6StringToAddressExW(u"::2", &address, &scope, &port), STATUS_SUCCESS);
  EXPECT_EQ(address.u.Byte[15], 2);
  EXPECT_EQ(scope, 0u);
  EXPECT_EQ(port, 0);
  EXPECT_EQ(RtlIpv6StringToAddressExA("[::1]", &address, &scope, &port), STATUS_SUCCESS);
  EXPECT_EQ(RtlIpv6StringToAddressExA("::1%4294967295", &address, &scope, &port), STATUS_SUCCESS);
  for (const char* text : {"[::1", "::1]", "[::1]:", "[::1]:65536", "[::1]80", "::1%", "::1%x",
                           "::1%4294967296", "::1 ", ""}) {
    EXPECT_EQ(RtlIpv6StringToAddressExA(text, &address, &scope, &port), STATUS_INVALID_PARAMETER)
        << text;
  }
  in6_addr wide_address;
  PCWSTR end = nullptr;
  EXPECT_EQ(RtlIpv6StringToAddressW(u"::3/", &end, &wide_address), STATUS_SUCCESS);
  EXPECT_EQ(*end, u'/');
}

}  // namespace
