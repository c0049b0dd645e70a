// Leftovers: the ledger as a report with names, in the form in which host.h hands it out. ledger.h
// does the counting; place.h finds the names.
#pragma once

#include <string>
#include <vector>

#include "wskrun/host.h"

// Opaque in host.h. `entries[i].place` points into `places[i]`.
struct wskrun_report {
  std::vector<std::string> places;
  std::vector<wskrun_holding> entries;
};

namespace wskrun::host {

// All that is held at this moment, in the order of kinds. The caller's, never nullptr. Call it
// while the modules that allocated are still mapped: their names are read from them.
wskrun_report* report_holdings();

}  // namespace wskrun::host
