// What the system's resolver is asked and what it says. Numbers and local files only: no test here
// sends anything to a server. tests/conformance/name_world_test.cc has one of its own.
#include "net/lookup.h"

#include <net/if.h>

#include "net/local_addresses.h"
#include "net/transport_test_kit.h"

namespace wskrun::net::testing {
namespace {

using Addresses = std::vector<Address>;

const Error kUnknown(ENOENT);

struct Found {
  Error error;
  Addresses addresses;
  std::string canonical_name;
};

Found look_up(AddressQuestion question) {
  const auto lookup = base::RefPtr<AddressLookup>::adopt(new AddressLookup(std::move(question)));
  const Error error = lookup->run();
  return {error, lookup->addresses(), lookup->canonical_name()};
}

TEST(AddressLookupTest, NumbersAreAddresses) {
  const Found four = look_up({.host = "127.0.0.1", .service = "80"});
  EXPECT_EQ(four.error, kOk);
  EXPECT_EQ(four.addresses, Addresses{loopback(80)});
  const Found six = look_up({.host = "::1", .service = "65535"});
  EXPECT_EQ(six.addresses, Addresses{loopback(65535, Family::kIpv6)});
  EXPECT_EQ(look_up({.host = "::1"}).addresses, Addresses{loopback(0, Family::kIpv6)});
}

TEST(AddressLookupTest, ALinkLocalAddressHasItsZone) {
  const std::string zone = std::to_string(::if_nametoindex("lo"));
  const Found found = look_up({.host = "fe80::1%" + zone, .flags = kNumericHost});
  ASSERT_EQ(found.addresses.size(), 1u);
  EXPECT_EQ(found.addresses[0].scope_id, ::if_nametoindex("lo"));
}

TEST(AddressLookupTest, WithoutAHostItIsLoopbackOrTheWildcard) {
  const auto addresses = [](std::uint32_t flags) {
    return look_up({.service = "7", .family = Family::kIpv4, .flags = flags}).addresses;
  };
  EXPECT_EQ(addresses(0), Addresses{loopback(7)});
  EXPECT_EQ(addresses(kPassive), (Addresses{{.port = 7}}));
}

TEST(AddressLookupTest, WithoutAFamilyBothAreFoundOnceEach) {
  const Found found = look_up({.service = "7"});
  ASSERT_EQ(found.addresses.size(), 2u);
  EXPECT_NE(found.addresses[0].family, found.addresses[1].family);
}

TEST(AddressLookupTest, AnIpv4AddressCanBeMapped) {
  const auto look_up_six = [](std::uint32_t flags) {
    return look_up({.host = "127.0.0.1", .family = Family::kIpv6, .flags = flags});
  };
  EXPECT_EQ(look_up_six(0).error, kUnknown);
  const Found mapped = look_up_six(kMapIpv4);
  ASSERT_EQ(mapped.error, kOk);
  EXPECT_EQ(mapped.addresses[0].ip,
            (std::array<std::uint8_t, 16>{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1}));
}

TEST(AddressLookupTest, ThisMachineHasTheAddressesOfItsInterfaces) {
  Addresses expected;
  for (Address address : local_addresses(Family::kIpv4)) {
    address.port = 9;
    if (address.ip[0] != 127) expected.push_back(address);
  }
  if (expected.empty()) expected = {loopback(9)};
  const Found found = look_up(
      {.host = "", .service = "9", .family = Family::kIpv4, .flags = kPassive | kCanonicalName});
  EXPECT_EQ(found.error, kOk);
  EXPECT_EQ(found.addresses, expected);
}

TEST(AddressLookupTest, TheCanonicalNameOfAnAddressIsTheAddress) {
  EXPECT_EQ(look_up({.host = "127.0.0.1", .flags = kCanonicalName}).canonical_name, "127.0.0.1");
  EXPECT_EQ(look_up({.host = "127.0.0.1"}).canonical_name, "");
}

TEST(AddressLookupTest, WhatIsNoNumberIsUnknownWhereANumberIsAskedFor) {
  EXPECT_EQ(look_up({.host = "localhost", .flags = kNumericHost}).error, kUnknown);
  EXPECT_EQ(look_up({.service = "1", .flags = kNumericHost}).error, kUnknown);
  EXPECT_EQ(look_up({.host = "::1", .service = "http", .flags = kNumericService}).error, kUnknown);
  EXPECT_EQ(look_up({.host = "::1", .flags = kNumericService}).error, kUnknown);
}

TEST(AddressLookupTest, NoPortIsBeyond65535) {
  for (const char* port : {"65536", "99999999999999999999999999", "-1", "no-such-service"}) {
    EXPECT_EQ(look_up({.host = "127.0.0.1", .service = port}).error, kUnknown) << port;
  }
}

TEST(AddressLookupTest, WhatLibcHasNoRoomForIsUnknown) {
  EXPECT_EQ(look_up({.host = std::string(1000, 'a'), .flags = kNumericHost}).error, kUnknown);
  EXPECT_EQ(look_up({.service = std::string(1000, 'a')}).error, kUnknown);
}

struct Names {
  Error error;
  std::string host;
  std::string service;
};

Names names_of(const NameQuestion& question) {
  const auto lookup = base::RefPtr<NameLookup>::adopt(new NameLookup(question));
  const Error error = lookup->run();
  return {error, lookup->host(), lookup->service()};
}

TEST(NameLookupTest, NumbersAreAlwaysThere) {
  const std::uint32_t numbers = kHostInNumbers | kServiceInNumbers;
  const Names four = names_of({loopback(80), true, true, numbers});
  EXPECT_EQ(four.error, kOk);
  EXPECT_EQ(four.host, "127.0.0.1");
  EXPECT_EQ(four.service, "80");
  const Names six = names_of({loopback(0, Family::kIpv6), true, true, numbers});
  EXPECT_EQ(six.host, "::1");
  EXPECT_EQ(six.service, "0");
}

TEST(NameLookupTest, AZoneIsANumber) {
  Address address = loopback(0, Family::kIpv6);
  address.ip = {0xfe, 0x80};
  address.scope_id = ::if_nametoindex("lo");
  EXPECT_EQ(names_of({address, true, false, kHostInNumbers}).host,
            "fe80::%" + std::to_string(address.scope_id));
}

TEST(NameLookupTest, WhatIsNotWantedIsNotThere) {
  const std::uint32_t numbers = kHostInNumbers | kServiceInNumbers;
  EXPECT_EQ(names_of({loopback(80), false, true, numbers}).host, "");
  EXPECT_EQ(names_of({loopback(80), true, false, numbers}).service, "");
}

TEST(NameLookupTest, APortWithoutAServiceIsItsNumber) {
  EXPECT_EQ(names_of({loopback(64999), false, true}).service, "64999");
}

}  // namespace
}  // namespace wskrun::net::testing
