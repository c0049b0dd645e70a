// What a file says about itself before it is loaded, so that a driver that cannot be loaded is
// answered with the cause and the mend. module.cc does the loading.
#pragma once

#include <string>
#include <vector>

namespace wskrun::host {

// Why the file is no driver for this machine, as the rest of a sentence that begins with its name
// ("is a Windows binary; ..."). Empty if it looks like one.
std::string why_not_loadable(const std::string& path);

// The names that the shared object needs and does not define, and that this process lacks too.
// Sorted; empty for a file that cannot be read.
std::vector<std::string> missing_symbols(const std::string& path);

}  // namespace wskrun::host
