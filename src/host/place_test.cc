#include "host/place.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wskrun::host {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

[[gnu::noinline]] std::string place_of_the_caller() {
  return place_of(__builtin_return_address(0));
}

TEST(Place, NamesModuleFunctionAndLineOfACall) {
  const std::string place = place_of_the_caller();
  EXPECT_THAT(place, MatchesRegex(".*: .*NamesModuleFunctionAndLine.*\\+0x[0-9a-f]+ "
                                  "\\(place_test\\.cc:[0-9]+\\)"));
  EXPECT_THAT(place, HasSubstr(":" + std::to_string(__LINE__ - 3) + ")"));
}

TEST(Place, SaysNothingForNoAddress) {
  EXPECT_EQ(place_of(nullptr), "");
}

TEST(Place, GivesTheAddressOfWhatIsNoCode) {
  int local = 0;
  EXPECT_THAT(place_of(&local), MatchesRegex("0x[0-9a-f]+"));
}

}  // namespace
}  // namespace wskrun::host
