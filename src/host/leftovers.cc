// Ledger entries become report entries; host.h's functions on reports.
#include "host/leftovers.h"

#include <algorithm>
#include <unordered_map>

#include "base/check.h"
#include "host/place.h"
#include "nt/ledger.h"

namespace wskrun::host {
namespace {

using nt::Holding;

struct KindRow {
  Holding holding;
  wskrun_kind kind;
  const char* name;
};

constexpr KindRow kKinds[] = {
    {Holding::kIrp, WSKRUN_IRP, "IRP"},
    {Holding::kMdl, WSKRUN_MDL, "MDL"},
    {Holding::kPool, WSKRUN_POOL, "pool"},
    {Holding::kThread, WSKRUN_THREAD, "thread"},
    {Holding::kTimer, WSKRUN_TIMER, "timer"},
    {Holding::kWorkItem, WSKRUN_WORK_ITEM, "work item"},
    {Holding::kSocket, WSKRUN_SOCKET, "socket"},
    {Holding::kAddressList, WSKRUN_ADDRESS_LIST, "address list"},
    {Holding::kSecurityDescriptor, WSKRUN_SECURITY_DESCRIPTOR, "security descriptor"},
    {Holding::kTraceProvider, WSKRUN_TRACE_PROVIDER, "trace provider"},
};

const KindRow& row_of(Holding holding) {
  const auto* row = std::find_if(std::begin(kKinds), std::end(kKinds),
                                 [&](const KindRow& each) { return each.holding == holding; });
  CHECK(row != std::end(kKinds));
  return *row;
}

// As it stands in the source between single quotes, backwards: 'ohcE' is seen as "Echo" in memory,
// and so do Windows' tools print it.
void write_tag(char (&text)[5], std::uint32_t tag) {
  for (unsigned i = 0; i < 4; ++i) {
    const char letter = static_cast<char>(tag >> (8 * i));
    text[i] = letter == '\0' ? '\0' : (letter >= ' ' && letter <= '~' ? letter : '.');
  }
  text[4] = '\0';
}

wskrun_holding holding_of(const nt::LedgerEntry& entry, const std::string& place) {
  const KindRow& row = row_of(entry.holding);
  wskrun_holding holding{};
  holding.kind = row.kind;
  holding.kind_name = row.name;
  holding.address = entry.object;
  holding.size_bytes = entry.size_bytes;
  if (entry.holding == Holding::kPool) write_tag(holding.tag, entry.tag);
  holding.place = place.c_str();
  return holding;
}

}  // namespace

wskrun_report* report_holdings() {
  std::vector<nt::LedgerEntry> entries = nt::ledger_entries();
  std::stable_sort(entries.begin(), entries.end(),
                   [](const nt::LedgerEntry& a, const nt::LedgerEntry& b) {
                     return row_of(a.holding).kind < row_of(b.holding).kind;
                   });
  auto* report = new wskrun_report;
  std::unordered_map<const void*, std::string> names;  // A leak in a loop has one place.
  report->places.reserve(entries.size());
  for (const nt::LedgerEntry& entry : entries) {
    auto [name, is_new] = names.try_emplace(entry.allocated_by);
    if (is_new) name->second = place_of(entry.allocated_by);
    report->places.push_back(name->second);
    report->entries.push_back(holding_of(entry, report->places.back()));
  }
  return report;
}

}  // namespace wskrun::host

size_t wskrun_report_count(const wskrun_report* report) {
  return report->entries.size();
}

const wskrun_holding* wskrun_report_entry(const wskrun_report* report, size_t index) {
  return index < report->entries.size() ? &report->entries[index] : nullptr;
}

void wskrun_report_free(wskrun_report* report) {
  delete report;
}
