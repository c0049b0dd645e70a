// The splay-tree table: elements in the driver's order, each in a block of the driver's own
// allocator behind its links (rtl_splay.cc) and an entry of the list that keeps the order of
// insertion. The driver locks.
#include <wdm.h>

#include <cstring>

#include "nt/upcall.h"

using namespace wskrun::nt;

namespace {

// What lies before an element's data.
struct Header {
  RTL_SPLAY_LINKS links;
  LIST_ENTRY order;
};
static_assert(sizeof(Header) == sizeof(RTL_SPLAY_LINKS) + sizeof(LIST_ENTRY));

Header* header_of(PRTL_SPLAY_LINKS links) {
  return reinterpret_cast<Header*>(links);
}

PVOID data_of(PRTL_SPLAY_LINKS links) {
  return header_of(links) + 1;
}

// Where an element lies or would hang: TableFoundNode, and the node; or its parent and the side.
struct Place {
  PRTL_SPLAY_LINKS node;
  TABLE_SEARCH_RESULT result;
};

Place find(RTL_GENERIC_TABLE& table, PVOID buffer) {
  Place place{table.TableRoot, TableEmptyTree};
  for (PRTL_SPLAY_LINKS node = table.TableRoot; node != nullptr;) {
    place.node = node;
    switch (upcall("CompareRoutine", table.CompareRoutine, &table, buffer, data_of(node))) {
      case GenericEqual:
        place.result = TableFoundNode;
        return place;
      case GenericLessThan:
        place.result = TableInsertAsLeft;
        node = node->LeftChild;
        break;
      case GenericGreaterThan:
        place.result = TableInsertAsRight;
        node = node->RightChild;
        break;
    }
  }
  return place;
}

void link_at(RTL_GENERIC_TABLE& table, const Place& place, Header& element) {
  RtlInitializeSplayLinks(&element.links);
  if (place.result == TableInsertAsLeft) RtlInsertAsLeftChild(place.node, &element.links);
  if (place.result == TableInsertAsRight) RtlInsertAsRightChild(place.node, &element.links);
  table.TableRoot = RtlSplay(&element.links);
  InsertTailList(&table.InsertOrderList, &element.order);
  ++table.NumberGenericTableElements;
}

PVOID insert(RTL_GENERIC_TABLE& table, const Place& place, PVOID buffer, CLONG size,
             PBOOLEAN is_new) {
  if (is_new != nullptr) *is_new = FALSE;
  if (place.result == TableFoundNode) {
    table.TableRoot = RtlSplay(place.node);
    return data_of(place.node);
  }
  auto* element = static_cast<Header*>(upcall("AllocateRoutine", table.AllocateRoutine, &table,
                                              static_cast<CLONG>(sizeof(Header) + size)));
  if (element == nullptr) return nullptr;
  link_at(table, place, *element);
  std::memcpy(data_of(&element->links), buffer, size);
  if (is_new != nullptr) *is_new = TRUE;
  return data_of(&element->links);
}

PRTL_SPLAY_LINKS first(const RTL_GENERIC_TABLE& table) {
  PRTL_SPLAY_LINKS node = table.TableRoot;
  while (node != nullptr && node->LeftChild != nullptr) node = node->LeftChild;
  return node;
}

// OrderedPointer and WhichOrderedElement remember an entry of the list and its number from 1, so
// that a walk over all indices takes one step each.
void forget_place_in_order(RTL_GENERIC_TABLE& table) {
  table.OrderedPointer = &table.InsertOrderList;
  table.WhichOrderedElement = 0;
}

LIST_ENTRY& entry_in_order(RTL_GENERIC_TABLE& table, ULONG number) {
  if (number < table.WhichOrderedElement) forget_place_in_order(table);
  while (table.WhichOrderedElement < number) {
    table.OrderedPointer = table.OrderedPointer->Flink;
    ++table.WhichOrderedElement;
  }
  return *table.OrderedPointer;
}

}  // namespace

extern "C" {

VOID RtlInitializeGenericTable(PRTL_GENERIC_TABLE Table,
                               PRTL_GENERIC_COMPARE_ROUTINE CompareRoutine,
                               PRTL_GENERIC_ALLOCATE_ROUTINE AllocateRoutine,
                               PRTL_GENERIC_FREE_ROUTINE FreeRoutine, PVOID TableContext) {
  *Table = {};
  InitializeListHead(&Table->InsertOrderList);
  forget_place_in_order(*Table);
  Table->CompareRoutine = CompareRoutine;
  Table->AllocateRoutine = AllocateRoutine;
  Table->FreeRoutine = FreeRoutine;
  Table->TableContext = TableContext;
}

PVOID RtlInsertElementGenericTable(PRTL_GENERIC_TABLE Table, PVOID Buffer, CLONG BufferSize,
                                   PBOOLEAN NewElement) {
  return insert(*Table, find(*Table, Buffer), Buffer, BufferSize, NewElement);
}

PVOID RtlInsertElementGenericTableFull(PRTL_GENERIC_TABLE Table, PVOID Buffer, CLONG BufferSize,
                                       PBOOLEAN NewElement, PVOID NodeOrParent,
                                       TABLE_SEARCH_RESULT SearchResult) {
  const Place place{static_cast<PRTL_SPLAY_LINKS>(NodeOrParent), SearchResult};
  return insert(*Table, place, Buffer, BufferSize, NewElement);
}

BOOLEAN RtlDeleteElementGenericTable(PRTL_GENERIC_TABLE Table, PVOID Buffer) {
  const Place place = find(*Table, Buffer);
  if (place.result != TableFoundNode) return FALSE;
  Header* const element = header_of(place.node);
  Table->TableRoot = RtlDelete(place.node);
  RemoveEntryList(&element->order);
  forget_place_in_order(*Table);
  --Table->NumberGenericTableElements;
  upcall("FreeRoutine", Table->FreeRoutine, Table, static_cast<PVOID>(element));
  return TRUE;
}

PVOID RtlLookupElementGenericTable(PRTL_GENERIC_TABLE Table, PVOID Buffer) {
  const Place place = find(*Table, Buffer);
  // Also the last node of a search in vain: a long way is not to be gone again and again.
  if (place.node != nullptr) Table->TableRoot = RtlSplay(place.node);
  return place.result == TableFoundNode ? data_of(place.node) : nullptr;
}

PVOID RtlLookupElementGenericTableFull(PRTL_GENERIC_TABLE Table, PVOID Buffer, PVOID* NodeOrParent,
                                       TABLE_SEARCH_RESULT* SearchResult) {
  // Not splayed when it is not there: a parent that has moved up may have a child on that side.
  const Place place = find(*Table, Buffer);
  *NodeOrParent = place.node;
  *SearchResult = place.result;
  if (place.result != TableFoundNode) return nullptr;
  Table->TableRoot = RtlSplay(place.node);
  return data_of(place.node);
}

PVOID RtlEnumerateGenericTable(PRTL_GENERIC_TABLE Table, BOOLEAN Restart) {
  if (Table->TableRoot == nullptr) return nullptr;
  // The element that was returned last is the root.
  PRTL_SPLAY_LINKS const node = Restart ? first(*Table) : RtlRealSuccessor(Table->TableRoot);
  if (node == nullptr) return nullptr;
  Table->TableRoot = RtlSplay(node);
  return data_of(node);
}

PVOID RtlEnumerateGenericTableWithoutSplaying(PRTL_GENERIC_TABLE Table, PVOID* RestartKey) {
  auto* const last = static_cast<PRTL_SPLAY_LINKS>(*RestartKey);
  PRTL_SPLAY_LINKS const node = last == nullptr ? first(*Table) : RtlRealSuccessor(last);
  if (node == nullptr) return nullptr;
  *RestartKey = node;
  return data_of(node);
}

PVOID RtlGetElementGenericTable(PRTL_GENERIC_TABLE Table, ULONG I) {
  if (I >= Table->NumberGenericTableElements) return nullptr;
  return CONTAINING_RECORD(&entry_in_order(*Table, I + 1), Header, order) + 1;
}

ULONG RtlNumberGenericTableElements(PRTL_GENERIC_TABLE Table) {
  return Table->NumberGenericTableElements;
}

BOOLEAN RtlIsGenericTableEmpty(PRTL_GENERIC_TABLE Table) {
  return Table->TableRoot == nullptr;
}

}  // extern "C"
