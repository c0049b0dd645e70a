#include "host/leftovers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "nt/ledger.h"

namespace wskrun::host {
namespace {

using ::testing::HasSubstr;

TEST(Leftovers, ReportWhatTheLedgerHolds) {
  nt::LedgerEntry pool, irp;
  int object = 0;
  nt::ledger_add(pool, nt::Holding::kPool, &object, 48, 'ohcE', __builtin_return_address(0));
  nt::ledger_add(irp, nt::Holding::kIrp, &irp, 280, 0, nullptr);

  const std::unique_ptr<wskrun_report, decltype(&wskrun_report_free)> report(report_holdings(),
                                                                             wskrun_report_free);
  nt::ledger_remove(irp);
  nt::ledger_remove(pool);

  ASSERT_EQ(wskrun_report_count(report.get()), 2u);
  const wskrun_holding* first = wskrun_report_entry(report.get(), 0);
  EXPECT_EQ(first->kind, WSKRUN_IRP);
  EXPECT_STREQ(first->kind_name, "IRP");
  EXPECT_STREQ(first->place, "");
  const wskrun_holding* second = wskrun_report_entry(report.get(), 1);
  EXPECT_EQ(second->kind, WSKRUN_POOL);
  EXPECT_EQ(second->address, &object);
  EXPECT_EQ(second->size_bytes, 48u);
  EXPECT_STREQ(second->tag, "Echo");
  EXPECT_THAT(second->place, HasSubstr(": "));
  EXPECT_EQ(wskrun_report_entry(report.get(), 2), nullptr);
}

}  // namespace
}  // namespace wskrun::host
