// The AVL table: elements in the driver's order, each in a block of the driver's own allocator with
// its links in front. A node's Balance field holds the height of its subtree. The driver locks.
#include <wdm.h>

#include <algorithm>
#include <cstring>

#include "nt/upcall.h"

using namespace wskrun::nt;

namespace {

using Node = RTL_BALANCED_LINKS;

void* data_of(Node* node) {
  return node + 1;
}

int height(const Node* node) {
  return node == nullptr ? 0 : node->Balance;
}

void update_height(Node& node) {
  node.Balance = static_cast<CHAR>(1 + std::max(height(node.LeftChild), height(node.RightChild)));
}

// The root hangs on the right of a node of the table's own, so that every node has a parent.
Node* root_of(const RTL_AVL_TABLE& table) {
  return table.BalancedRoot.RightChild;
}

// Where the parent points to the node.
Node*& link_to(Node& node) {
  return node.Parent->LeftChild == &node ? node.Parent->LeftChild : node.Parent->RightChild;
}

void replace(Node& old, Node* node) {
  link_to(old) = node;
  if (node != nullptr) node->Parent = old.Parent;
}

// Lifts the child on one side above the node: `up` is that side, `across` the other.
Node* rotate(Node& node, Node* Node::*up, Node* Node::*across) {
  Node* const child = node.*up;
  replace(node, child);
  node.*up = child->*across;
  if (node.*up != nullptr) (node.*up)->Parent = &node;
  child->*across = &node;
  node.Parent = child;
  update_height(node);
  update_height(*child);
  return child;
}

// Restores the balance of a node whose `up` side is two higher. Returns who stands there now.
Node* lift(Node& node, Node* Node::*up, Node* Node::*across) {
  Node* const child = node.*up;
  if (height(child->*across) > height(child->*up)) rotate(*child, across, up);
  return rotate(node, up, across);
}

void rebalance_from(RTL_AVL_TABLE& table, Node* node) {
  while (node != &table.BalancedRoot) {
    const int lean = height(node->LeftChild) - height(node->RightChild);
    if (lean > 1) {
      node = lift(*node, &Node::LeftChild, &Node::RightChild);
    } else if (lean < -1) {
      node = lift(*node, &Node::RightChild, &Node::LeftChild);
    } else {
      update_height(*node);
    }
    node = node->Parent;
  }
  table.DepthOfTree = static_cast<ULONG>(height(root_of(table)));
}

struct Place {
  Node* node;   // The element, or nullptr.
  Node* above;  // Else the node it would hang on,
  bool left;    // on this side.
};

Place find(RTL_AVL_TABLE& table, PVOID buffer) {
  Place place{root_of(table), &table.BalancedRoot, false};
  while (place.node != nullptr) {
    const RTL_GENERIC_COMPARE_RESULTS order =
        upcall("CompareRoutine", table.CompareRoutine, &table, buffer, data_of(place.node));
    if (order == GenericEqual) return place;
    place.above = place.node;
    place.left = order == GenericLessThan;
    place.node = place.left ? place.above->LeftChild : place.above->RightChild;
  }
  return place;
}

Node* outermost(Node* node, Node* Node::*side) {
  while (node != nullptr && node->*side != nullptr) node = node->*side;
  return node;
}

// The next node in the direction of `side`; nullptr behind the last.
Node* neighbour(const RTL_AVL_TABLE& table, Node* node, Node* Node::*side, Node* Node::*other) {
  if (node->*side != nullptr) return outermost(node->*side, other);
  while (node->Parent != &table.BalancedRoot && node->Parent->*side == node) node = node->Parent;
  return node->Parent == &table.BalancedRoot ? nullptr : node->Parent;
}

Node* first(const RTL_AVL_TABLE& table) {
  return outermost(root_of(table), &Node::LeftChild);
}

Node* next(const RTL_AVL_TABLE& table, Node* node) {
  return neighbour(table, node, &Node::RightChild, &Node::LeftChild);
}

Node* previous(const RTL_AVL_TABLE& table, Node* node) {
  return neighbour(table, node, &Node::LeftChild, &Node::RightChild);
}

// Takes the node out of the tree. Returns from where on the balance has changed.
Node* unlink(Node& node) {
  if (node.LeftChild == nullptr || node.RightChild == nullptr) {
    replace(node, node.LeftChild != nullptr ? node.LeftChild : node.RightChild);
    return node.Parent;
  }
  Node& heir = *outermost(node.RightChild, &Node::LeftChild);  // Has no left child.
  Node* changed = heir.Parent == &node ? &heir : heir.Parent;
  replace(heir, heir.RightChild);
  replace(node, &heir);
  heir.LeftChild = node.LeftChild;
  heir.RightChild = node.RightChild;
  heir.LeftChild->Parent = &heir;
  if (heir.RightChild != nullptr) heir.RightChild->Parent = &heir;
  return changed;
}

PVOID insert(RTL_AVL_TABLE& table, const Place& place, PVOID buffer, CLONG size, PBOOLEAN is_new) {
  if (is_new != nullptr) *is_new = FALSE;
  if (place.node != nullptr) return data_of(place.node);
  auto* node = static_cast<Node*>(upcall("AllocateRoutine", table.AllocateRoutine, &table,
                                         static_cast<CLONG>(sizeof(Node) + size)));
  if (node == nullptr) return nullptr;
  *node = {.Parent = place.above,
           .LeftChild = nullptr,
           .RightChild = nullptr,
           .Balance = 1,
           .Reserved = {}};
  std::memcpy(data_of(node), buffer, size);
  (place.left ? place.above->LeftChild : place.above->RightChild) = node;
  rebalance_from(table, place.above);
  ++table.NumberGenericTableElements;
  if (is_new != nullptr) *is_new = TRUE;
  return data_of(node);
}

bool is_equal(RTL_AVL_TABLE& table, PVOID buffer, Node* node) {
  return upcall("CompareRoutine", table.CompareRoutine, &table, buffer, data_of(node)) ==
         GenericEqual;
}

}  // namespace

extern "C" {

void RtlInitializeGenericTableAvl(PRTL_AVL_TABLE Table, PRTL_AVL_COMPARE_ROUTINE CompareRoutine,
                                  PRTL_AVL_ALLOCATE_ROUTINE AllocateRoutine,
                                  PRTL_AVL_FREE_ROUTINE FreeRoutine, PVOID TableContext) {
  *Table = {};
  Table->BalancedRoot.Parent = &Table->BalancedRoot;
  Table->CompareRoutine = CompareRoutine;
  Table->AllocateRoutine = AllocateRoutine;
  Table->FreeRoutine = FreeRoutine;
  Table->TableContext = TableContext;
}

PVOID RtlInsertElementGenericTableAvl(PRTL_AVL_TABLE Table, PVOID Buffer, CLONG BufferSize,
                                      PBOOLEAN NewElement) {
  return insert(*Table, find(*Table, Buffer), Buffer, BufferSize, NewElement);
}

PVOID RtlInsertElementGenericTableFullAvl(PRTL_AVL_TABLE Table, PVOID Buffer, CLONG BufferSize,
                                          PBOOLEAN NewElement, PVOID NodeOrParent,
                                          TABLE_SEARCH_RESULT SearchResult) {
  auto* const node = static_cast<Node*>(NodeOrParent);
  const Place place = SearchResult == TableFoundNode
                          ? Place{node, nullptr, false}
                          : Place{nullptr, node, SearchResult == TableInsertAsLeft};
  return insert(*Table, place, Buffer, BufferSize, NewElement);
}

BOOLEAN RtlDeleteElementGenericTableAvl(PRTL_AVL_TABLE Table, PVOID Buffer) {
  Node* node = find(*Table, Buffer).node;
  if (node == nullptr) return FALSE;
  if (Table->RestartKey == node) Table->RestartKey = previous(*Table, node);
  rebalance_from(*Table, unlink(*node));
  --Table->NumberGenericTableElements;
  ++Table->DeleteCount;
  upcall("FreeRoutine", Table->FreeRoutine, Table, static_cast<PVOID>(node));
  return TRUE;
}

PVOID RtlLookupElementGenericTableAvl(PRTL_AVL_TABLE Table, PVOID Buffer) {
  Node* node = find(*Table, Buffer).node;
  return node == nullptr ? nullptr : data_of(node);
}

PVOID RtlEnumerateGenericTableAvl(PRTL_AVL_TABLE Table, BOOLEAN Restart) {
  if (Restart) Table->RestartKey = nullptr;
  Node* node = Table->RestartKey == nullptr ? first(*Table) : next(*Table, Table->RestartKey);
  if (node == nullptr) return nullptr;
  Table->RestartKey = node;
  return data_of(node);
}

PVOID RtlLookupElementGenericTableFullAvl(PRTL_AVL_TABLE Table, PVOID Buffer, PVOID* NodeOrParent,
                                          TABLE_SEARCH_RESULT* SearchResult) {
  const Place place = find(*Table, Buffer);
  *NodeOrParent = place.node != nullptr ? place.node : place.above;
  if (place.node != nullptr) {
    *SearchResult = TableFoundNode;
    return data_of(place.node);
  }
  *SearchResult = root_of(*Table) == nullptr ? TableEmptyTree
                  : place.left               ? TableInsertAsLeft
                                             : TableInsertAsRight;
  return nullptr;
}

PVOID RtlLookupFirstMatchingElementGenericTableAvl(PRTL_AVL_TABLE Table, PVOID Buffer,
                                                   PVOID* RestartKey) {
  Node* node = find(*Table, Buffer).node;
  if (node == nullptr) return nullptr;
  for (Node* before = previous(*Table, node); before != nullptr && is_equal(*Table, Buffer, before);
       before = previous(*Table, node)) {
    node = before;
  }
  *RestartKey = node;
  return data_of(node);
}

PVOID RtlEnumerateGenericTableWithoutSplayingAvl(PRTL_AVL_TABLE Table, PVOID* RestartKey) {
  auto* const last = static_cast<Node*>(*RestartKey);
  Node* const node = last == nullptr ? first(*Table) : next(*Table, last);
  if (node == nullptr) return nullptr;
  *RestartKey = node;
  return data_of(node);
}

PVOID RtlGetElementGenericTableAvl(PRTL_AVL_TABLE Table, ULONG I) {
  if (I >= Table->NumberGenericTableElements) return nullptr;
  Node* node = first(*Table);
  for (; I > 0; --I) node = next(*Table, node);
  return data_of(node);
}

ULONG RtlNumberGenericTableElementsAvl(PRTL_AVL_TABLE Table) {
  return Table->NumberGenericTableElements;
}

BOOLEAN RtlIsGenericTableEmptyAvl(PRTL_AVL_TABLE Table) {
  return Table->NumberGenericTableElements == 0;
}

}  // extern "C"
