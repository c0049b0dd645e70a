// The AVL table beside a std::map that does the same.
#include <gtest/gtest.h>
#include <wdm.h>

#include <cmath>
#include <map>
#include <random>

namespace wskrun::nt {
namespace {

struct Element {
  int key;
  int value;
};

RTL_GENERIC_COMPARE_RESULTS compare(PRTL_AVL_TABLE, PVOID first, PVOID second) {
  const int a = static_cast<Element*>(first)->key;
  const int b = static_cast<Element*>(second)->key;
  return a < b ? GenericLessThan : a > b ? GenericGreaterThan : GenericEqual;
}

PVOID allocate(PRTL_AVL_TABLE, CLONG size) {
  return ExAllocatePoolWithTag(NonPagedPoolNx, size, 'lvAT');
}

void free_element(PRTL_AVL_TABLE, PVOID buffer) {
  ExFreePoolWithTag(buffer, 'lvAT');
}

void expect_equal(RTL_AVL_TABLE& table, const std::map<int, int>& map) {
  ASSERT_EQ(RtlNumberGenericTableElementsAvl(&table), map.size());
  auto* element = static_cast<Element*>(RtlEnumerateGenericTableAvl(&table, TRUE));
  for (const auto& [key, value] : map) {
    ASSERT_NE(element, nullptr);
    EXPECT_EQ(element->key, key);
    EXPECT_EQ(element->value, value);
    element = static_cast<Element*>(RtlEnumerateGenericTableAvl(&table, FALSE));
  }
  EXPECT_EQ(element, nullptr);
}

TEST(AvlTable, IsAnOrderedMap) {
  constexpr int kSteps = 4000;
  RTL_AVL_TABLE table;
  RtlInitializeGenericTableAvl(&table, compare, allocate, free_element, nullptr);
  std::map<int, int> map;
  std::mt19937 random(7);
  for (int step = 0; step < kSteps; ++step) {
    Element element = {static_cast<int>(random() % 300), step};
    if (random() % 3 != 0) {
      BOOLEAN added = FALSE;
      auto* stored = static_cast<Element*>(
          RtlInsertElementGenericTableAvl(&table, &element, sizeof element, &added));
      EXPECT_EQ(added != FALSE, map.emplace(element.key, step).second);
      EXPECT_EQ(stored->value, map[element.key]);
    } else {
      EXPECT_EQ(RtlDeleteElementGenericTableAvl(&table, &element) != FALSE,
                map.erase(element.key) != 0);
    }
    EXPECT_EQ(RtlLookupElementGenericTableAvl(&table, &element) != nullptr,
              map.count(element.key) != 0);
    EXPECT_LE(table.DepthOfTree, 1.45 * std::log2(map.size() + 2.0));
    if (step % 100 == 0) expect_equal(table, map);
  }
  expect_equal(table, map);
  while (auto* element = static_cast<Element*>(RtlGetElementGenericTableAvl(&table, 0))) {
    Element copy = *element;
    EXPECT_TRUE(RtlDeleteElementGenericTableAvl(&table, &copy));
  }
  EXPECT_TRUE(RtlIsGenericTableEmptyAvl(&table));
}

TEST(AvlTable, MayLoseTheElementThatEnumerationStandsAt) {
  RTL_AVL_TABLE table;
  RtlInitializeGenericTableAvl(&table, compare, allocate, free_element, nullptr);
  for (int key = 0; key < 10; ++key) {
    Element element = {key, key};
    RtlInsertElementGenericTableAvl(&table, &element, sizeof element, nullptr);
  }
  int count = 0;
  for (void* found = RtlEnumerateGenericTableAvl(&table, TRUE); found != nullptr;
       found = RtlEnumerateGenericTableAvl(&table, FALSE)) {
    Element copy = *static_cast<Element*>(found);
    EXPECT_EQ(copy.key, count++);
    EXPECT_TRUE(RtlDeleteElementGenericTableAvl(&table, &copy));
  }
  EXPECT_EQ(count, 10);
}

TEST(AvlTable, FullFormsSearchOnceAndTheFirstMatchIsFound) {
  RTL_AVL_TABLE table;
  // Elements that are equal but for a factor of ten match.
  const auto compare_tens = [](PRTL_AVL_TABLE of, PVOID first, PVOID second) {
    Element tens[2] = {*static_cast<Element*>(first), *static_cast<Element*>(second)};
    if (of->TableContext != nullptr) tens[0].key /= 10, tens[1].key /= 10;
    return compare(of, &tens[0], &tens[1]);
  };
  RtlInitializeGenericTableAvl(&table, compare_tens, allocate, free_element, nullptr);
  for (int key : {25, 11, 22, 37, 21, 29, 23}) {
    Element element = {key, 0};
    PVOID place;
    TABLE_SEARCH_RESULT result;
    EXPECT_EQ(RtlLookupElementGenericTableFullAvl(&table, &element, &place, &result), nullptr);
    EXPECT_EQ(result == TableEmptyTree, key == 25);
    EXPECT_NE(RtlInsertElementGenericTableFullAvl(&table, &element, sizeof element, nullptr, place,
                                                  result),
              nullptr);
  }
  table.TableContext = &table;
  Element twenties = {20, 0};
  PVOID restart;
  auto* found = static_cast<Element*>(
      RtlLookupFirstMatchingElementGenericTableAvl(&table, &twenties, &restart));
  for (int key : {21, 22, 23, 25, 29, 37}) {
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->key, key);
    found = static_cast<Element*>(RtlEnumerateGenericTableWithoutSplayingAvl(&table, &restart));
  }
  EXPECT_EQ(found, nullptr);
  table.TableContext = nullptr;
  while (PVOID element = RtlGetElementGenericTableAvl(&table, 0)) {
    Element copy = *static_cast<Element*>(element);
    RtlDeleteElementGenericTableAvl(&table, &copy);
  }
}

}  // namespace
}  // namespace wskrun::nt
