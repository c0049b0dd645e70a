#include <gtest/gtest.h>
#include <wdm.h>

#include "wskrun/host.h"

namespace {

TEST(StatusName, KnowsTheHeadersNames) {
  EXPECT_STREQ(wskrun_status_name(STATUS_SUCCESS), "STATUS_SUCCESS");
  EXPECT_STREQ(wskrun_status_name(STATUS_PENDING), "STATUS_PENDING");
  EXPECT_STREQ(wskrun_status_name(STATUS_INSUFFICIENT_RESOURCES), "STATUS_INSUFFICIENT_RESOURCES");
}

TEST(StatusName, HasNoneForAnUnknownValue) {
  EXPECT_EQ(wskrun_status_name(static_cast<int32_t>(0xC7777777)), nullptr);
}

}  // namespace
