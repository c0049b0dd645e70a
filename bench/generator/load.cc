// The list of rows, and words for their titles.
#include "generator/load.h"

#include <fmt/format.h>

namespace bench {
namespace {

std::vector<RegisteredRow>& rows() {
  static std::vector<RegisteredRow> all;
  return all;
}

}  // namespace

Registration::Registration(std::vector<Row> file_rows, const LoadFactory& make) {
  for (Row& row : file_rows) rows().push_back({std::move(row), make});
}

const std::vector<RegisteredRow>& registered_rows() {
  return rows();
}

std::string size_text(std::size_t bytes) {
  if (bytes >= 1024 && bytes % 1024 == 0) return fmt::format("{} KiB", bytes / 1024);
  return fmt::format("{} B", bytes);
}

std::string connections_text(unsigned count) {
  return fmt::format("{} connection{}", count, count == 1 ? "" : "s");
}

}  // namespace bench
