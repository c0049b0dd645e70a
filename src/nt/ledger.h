// The ledger: what the driver has allocated and not given back (IRPs, MDLs, pool, threads, timers,
// work items, sockets, lists of addresses, security descriptors, providers of trace events), with
// the place that allocated it. The host reads it after DriverUnload.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/list.h"

namespace wskrun::nt {

enum class Holding : std::uint8_t {
  kIrp,
  kMdl,
  kPool,
  kThread,
  kTimer,
  kWorkItem,
  kSocket,
  kAddressList,  // WskGetAddressInfo
  kSecurityDescriptor,
  kTraceProvider,  // EtwRegister
};

// Lies inside the object it accounts for (or in a hidden header before it). Set up by
// ledger_add, unlinked by ledger_remove.
struct LedgerEntry {
  base::Link link;
  const void* object = nullptr;        // What the driver knows it by.
  const void* allocated_by = nullptr;  // Return address in the driver.
  std::size_t size_bytes = 0;
  std::uint32_t tag = 0;  // Pool only.
  Holding holding = Holding::kPool;
  std::uint8_t shard = 0;  // The ledger's own.
};

// Any thread, any IRQL; shards its lock so that processors seldom meet.
void ledger_add(LedgerEntry& entry, Holding holding, const void* object, std::size_t size_bytes,
                std::uint32_t tag, const void* allocated_by);
void ledger_remove(LedgerEntry& entry);

// A pool tag as people write it in source, most significant character first.
struct TagText {
  char characters[5];
};
TagText tag_text(std::uint32_t tag);

// A copy of all entries now.
std::vector<LedgerEntry> ledger_entries();

}  // namespace wskrun::nt
