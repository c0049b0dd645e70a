// covers("R-034", ...): ties a test to the requirements it shows. scripts/requirements reads the
// ids back from the test's XML report; docs/requirements/requirements.tsv says what they mean.
#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

namespace wskrun::tests {

// Call once, first thing in a test: a second call replaces the ids of the first.
template <typename... Ids>
void covers(const Ids&... ids) {
  std::string list;
  for (const char* id : std::initializer_list<const char*>{ids...}) {
    list += (list.empty() ? "" : " ") + std::string(id);
  }
  ::testing::Test::RecordProperty("covers", list);
}

}  // namespace wskrun::tests
