// SDDL of devices: what is read, whom it lets in, and what is refused.
#include "nt/se_sddl.h"

#include <gtest/gtest.h>

#include "nt/se_access.h"
#include "nt/se_descriptor.h"

namespace wskrun::nt {
namespace {

// Whether the system is let in for `desired` by the device whose text this is.
bool grants(std::u16string_view text, ACCESS_MASK desired) {
  std::vector<UCHAR> descriptor = descriptor_of_sddl(text);
  EXPECT_FALSE(descriptor.empty());
  const auto parts = parts_of(descriptor.data());
  return parts.has_value() && grants_system(*parts, desired);
}

TEST(Sddl, SaysWhomADeviceLetsIn) {
  EXPECT_FALSE(grants(u"D:P", GENERIC_READ));
  EXPECT_TRUE(grants(u"D:P(A;;GA;;;SY)", GENERIC_READ | GENERIC_WRITE));
  EXPECT_TRUE(grants(u"D:P(A;;GA;;;S-1-5-18)", GENERIC_ALL));
  EXPECT_TRUE(grants(u"D:P(A;;GR;;;WD)", GENERIC_READ));
  EXPECT_FALSE(grants(u"D:P(A;;GR;;;WD)", GENERIC_WRITE));
  EXPECT_TRUE(grants(u"D:P(A;;GR;;;WD)(A;;GW;;;BA)", GENERIC_READ | GENERIC_WRITE));
  EXPECT_FALSE(grants(u"D:P(A;;GA;;;BU)", GENERIC_READ));
  EXPECT_FALSE(grants(u"D:P(A;;GA;;;UD)", GENERIC_READ));
  EXPECT_TRUE(grants(u"D:P(A;;RCSDWDWO;;;SY)", READ_CONTROL | DELETE | WRITE_DAC | WRITE_OWNER));
  EXPECT_TRUE(grants(u"D:P(A;;0x1f01ff;;;SY)", GENERIC_ALL));
}

TEST(Sddl, WhatIsNoneOfADeviceIsRefused) {
  for (const std::u16string_view text :
       {u"", u"D:", u"d:p", u"O:SYD:P", u"D:P(", u"D:P()", u"D:P(A;;GA;;;SY", u"D:P(D;;GA;;;SY)",
        u"D:P(A;;GA;;;XX)", u"D:P(A;;XX;;;SY)", u"D:P(A;;0x;;;SY)", u"D:P(A;CI;GA;;;SY)",
        u"D:P(A;;GA;;;S-1-5)", u"D:P(A;;GA;;;S-1-5-)", u"D:P(A;;GA;;;SY)x",
        u"D:P(A;;GA;;;S-1-5-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15-16)"}) {
    EXPECT_TRUE(descriptor_of_sddl(text).empty()) << std::string(text.begin(), text.end());
  }
}

}  // namespace
}  // namespace wskrun::nt
