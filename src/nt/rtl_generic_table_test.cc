// The splay-tree table beside a std::map that does the same, and the links of a tree by themselves.
#include <gtest/gtest.h>
#include <wdm.h>

#include <map>
#include <random>
#include <vector>

namespace wskrun::nt {
namespace {

struct Element {
  int key;
  int value;
};

RTL_GENERIC_COMPARE_RESULTS compare(PRTL_GENERIC_TABLE, PVOID first, PVOID second) {
  const int a = static_cast<Element*>(first)->key;
  const int b = static_cast<Element*>(second)->key;
  return a < b ? GenericLessThan : a > b ? GenericGreaterThan : GenericEqual;
}

PVOID allocate(PRTL_GENERIC_TABLE table, CLONG size) {
  if (table->TableContext != nullptr) return nullptr;
  return ExAllocatePoolWithTag(NonPagedPoolNx, size, 'lpST');
}

void free_element(PRTL_GENERIC_TABLE, PVOID buffer) {
  ExFreePoolWithTag(buffer, 'lpST');
}

struct GenericTable : testing::Test {
  GenericTable() { RtlInitializeGenericTable(&table, compare, allocate, free_element, nullptr); }
  ~GenericTable() override {
    while (PVOID element = RtlGetElementGenericTable(&table, 0)) {
      Element copy = *static_cast<Element*>(element);
      EXPECT_TRUE(RtlDeleteElementGenericTable(&table, &copy));
    }
    EXPECT_TRUE(RtlIsGenericTableEmpty(&table));
  }

  bool insert(int key, int value) {
    Element element = {key, value};
    BOOLEAN is_new = FALSE;
    auto* const stored = static_cast<Element*>(
        RtlInsertElementGenericTable(&table, &element, sizeof element, &is_new));
    EXPECT_NE(stored, nullptr);
    EXPECT_NE(stored, &element);
    return is_new != FALSE;
  }

  Element* lookup(int key) {
    Element element = {key, 0};
    return static_cast<Element*>(RtlLookupElementGenericTable(&table, &element));
  }

  bool remove(int key) {
    Element element = {key, 0};
    return RtlDeleteElementGenericTable(&table, &element) != FALSE;
  }

  std::vector<int> in_order() {
    std::vector<int> keys;
    PVOID restart = nullptr;
    while (PVOID element = RtlEnumerateGenericTableWithoutSplaying(&table, &restart)) {
      keys.push_back(static_cast<Element*>(element)->key);
    }
    return keys;
  }

  std::vector<int> as_inserted() {
    std::vector<int> keys;
    for (ULONG i = 0; i < RtlNumberGenericTableElements(&table); ++i) {
      keys.push_back(static_cast<Element*>(RtlGetElementGenericTable(&table, i))->key);
    }
    return keys;
  }

  RTL_GENERIC_TABLE table;
};

TEST_F(GenericTable, IsAnOrderedMap) {
  std::map<int, int> map;
  std::mt19937 random(7);
  for (int step = 0; step < 4000; ++step) {
    const int key = static_cast<int>(random() % 300);
    if (random() % 3 != 0) {
      EXPECT_EQ(insert(key, step), map.emplace(key, step).second);
    } else {
      EXPECT_EQ(remove(key), map.erase(key) != 0);
    }
    Element* const found = lookup(static_cast<int>(random() % 300));
    EXPECT_TRUE(found == nullptr || map.at(found->key) == found->value);
    EXPECT_EQ(RtlNumberGenericTableElements(&table), map.size());
    EXPECT_EQ(RtlIsGenericTableEmpty(&table) != FALSE, map.empty());
    if (step % 100 != 0) continue;
    auto each = map.begin();
    for (PVOID element = RtlEnumerateGenericTable(&table, TRUE); element != nullptr;
         element = RtlEnumerateGenericTable(&table, FALSE)) {
      ASSERT_NE(each, map.end());
      EXPECT_EQ(static_cast<Element*>(element)->key, each->first);
      EXPECT_EQ(static_cast<Element*>(element)->value, each->second);
      ++each;
    }
    EXPECT_EQ(each, map.end());
  }
}

TEST_F(GenericTable, IndicesFollowTheInsertion) {
  for (int key : {5, 1, 9, 3}) insert(key, 0);
  EXPECT_FALSE(insert(9, 1));
  EXPECT_EQ(in_order(), (std::vector<int>{1, 3, 5, 9}));
  EXPECT_EQ(as_inserted(), (std::vector<int>{5, 1, 9, 3}));
  remove(1);
  EXPECT_EQ(as_inserted(), (std::vector<int>{5, 9, 3}));
  EXPECT_EQ(RtlGetElementGenericTable(&table, 3), nullptr);
  EXPECT_EQ(static_cast<Element*>(RtlGetElementGenericTable(&table, 0))->key, 5);
}

TEST_F(GenericTable, FullFormsSearchOnce) {
  for (int key : {5, 1, 9}) {
    Element element = {key, key};
    PVOID place;
    TABLE_SEARCH_RESULT result;
    EXPECT_EQ(RtlLookupElementGenericTableFull(&table, &element, &place, &result), nullptr);
    EXPECT_EQ(result == TableEmptyTree, key == 5);
    BOOLEAN is_new = FALSE;
    EXPECT_NE(
        RtlInsertElementGenericTableFull(&table, &element, sizeof element, &is_new, place, result),
        nullptr);
    EXPECT_TRUE(is_new);
  }
  Element element = {1, 0};
  PVOID place;
  TABLE_SEARCH_RESULT result;
  PVOID const found = RtlLookupElementGenericTableFull(&table, &element, &place, &result);
  EXPECT_EQ(result, TableFoundNode);
  EXPECT_EQ(found, lookup(1));
  EXPECT_EQ(in_order(), (std::vector<int>{1, 5, 9}));
}

TEST_F(GenericTable, InsertionFailsWithoutMemory) {
  insert(1, 1);
  table.TableContext = this;
  Element element = {2, 2};
  BOOLEAN is_new = TRUE;
  EXPECT_EQ(RtlInsertElementGenericTable(&table, &element, sizeof element, &is_new), nullptr);
  EXPECT_FALSE(is_new);
  EXPECT_EQ(RtlNumberGenericTableElements(&table), 1u);
  table.TableContext = nullptr;
}

// A chain of nodes, the first the root and all others right children.
struct SplayLinks : testing::Test {
  SplayLinks() {
    for (RTL_SPLAY_LINKS& node : nodes) RtlInitializeSplayLinks(&node);
    for (int i = 1; i < kNodes; ++i) RtlInsertAsRightChild(&nodes[i - 1], &nodes[i]);
  }

  // The nodes' indices in the order of the tree.
  std::vector<long> in_order(PRTL_SPLAY_LINKS root) {
    std::vector<long> order;
    PRTL_SPLAY_LINKS node = root;
    while (node->LeftChild != nullptr) node = node->LeftChild;
    for (; node != nullptr; node = RtlRealSuccessor(node)) order.push_back(node - nodes);
    return order;
  }

  static constexpr int kNodes = 7;
  RTL_SPLAY_LINKS nodes[kNodes];
};

TEST_F(SplayLinks, SplayingKeepsTheOrder) {
  for (RTL_SPLAY_LINKS& node : nodes) {
    EXPECT_EQ(RtlSplay(&node), &node);
    EXPECT_TRUE(RtlIsRoot(&node));
    EXPECT_EQ(in_order(&node), (std::vector<long>{0, 1, 2, 3, 4, 5, 6}));
  }
  EXPECT_EQ(RtlSplay(&nodes[3]), &nodes[3]);
  EXPECT_EQ(RtlRealPredecessor(&nodes[3]), &nodes[2]);
  EXPECT_EQ(RtlSubtreePredecessor(&nodes[3]), &nodes[2]);
  EXPECT_EQ(RtlSubtreeSuccessor(&nodes[3]), &nodes[4]);
  EXPECT_EQ(RtlRealSuccessor(&nodes[6]), nullptr);
  EXPECT_EQ(RtlRealPredecessor(&nodes[0]), nullptr);
}

TEST_F(SplayLinks, DeletingTellsTheRoot) {
  PRTL_SPLAY_LINKS root = RtlSplay(&nodes[3]);
  root = RtlDelete(root);
  EXPECT_EQ(in_order(root), (std::vector<long>{0, 1, 2, 4, 5, 6}));
  RtlDeleteNoSplay(&nodes[6], &root);
  EXPECT_TRUE(RtlIsRoot(root));
  EXPECT_EQ(in_order(root), (std::vector<long>{0, 1, 2, 4, 5}));
  while (RTL_SPLAY_LINKS* const before = root) {
    RtlDeleteNoSplay(before, &root);
    EXPECT_TRUE(root == nullptr || RtlIsRoot(root));
  }
}

}  // namespace
}  // namespace wskrun::nt
