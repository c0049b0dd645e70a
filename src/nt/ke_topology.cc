// KeQueryLogicalProcessorRelationship. To the driver every processor is a core of its own, and all
// of them are one package, one NUMA node and one group.
#include <wdm.h>

#include <cstring>
#include <vector>

#include "nt/irql.h"
#include "nt/ke_processor.h"

namespace wskrun::nt {
namespace {

using Record = SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX;

constexpr ULONG kSizeOfProcessors = RTL_SIZEOF_THROUGH_FIELD(Record, Processor);
constexpr ULONG kSizeOfNode = RTL_SIZEOF_THROUGH_FIELD(Record, NumaNode);
constexpr ULONG kSizeOfGroup = RTL_SIZEOF_THROUGH_FIELD(Record, Group);

Record record_of_processors(LOGICAL_PROCESSOR_RELATIONSHIP what, KAFFINITY processors) {
  Record record{};
  record.Relationship = what;
  record.Size = kSizeOfProcessors;
  record.Processor.GroupCount = 1;
  record.Processor.GroupMask[0].Mask = processors;
  return record;
}

Record record_of_node() {
  Record record{};
  record.Relationship = RelationNumaNode;
  record.Size = kSizeOfNode;
  record.NumaNode.GroupCount = 1;
  record.NumaNode.GroupMask.Mask = all_processors();
  return record;
}

Record record_of_group() {
  Record record{};
  record.Relationship = RelationGroup;
  record.Size = kSizeOfGroup;
  record.Group.MaximumGroupCount = record.Group.ActiveGroupCount = 1;
  PROCESSOR_GROUP_INFO& group = record.Group.GroupInfo[0];
  group.MaximumProcessorCount = group.ActiveProcessorCount = static_cast<UCHAR>(processor_count());
  group.ActiveProcessorMask = all_processors();
  return record;
}

// What there is of that kind, of the processors asked for.
std::vector<Record> relations(LOGICAL_PROCESSOR_RELATIONSHIP what, KAFFINITY of) {
  const auto wanted = [what](LOGICAL_PROCESSOR_RELATIONSHIP kind) {
    return what == kind || what == RelationAll;
  };
  std::vector<Record> records;
  if (wanted(RelationProcessorCore)) {
    for (; of != 0; of &= of - 1) {
      records.push_back(record_of_processors(RelationProcessorCore, of & -of));
    }
  }
  if (wanted(RelationNumaNode) || what == RelationNumaNodeEx) records.push_back(record_of_node());
  if (wanted(RelationProcessorPackage)) {
    records.push_back(record_of_processors(RelationProcessorPackage, all_processors()));
  }
  if (wanted(RelationGroup)) records.push_back(record_of_group());
  return records;
}

}  // namespace
}  // namespace wskrun::nt

using namespace wskrun::nt;

extern "C" NTSTATUS KeQueryLogicalProcessorRelationship(
    PPROCESSOR_NUMBER ProcessorNumber, LOGICAL_PROCESSOR_RELATIONSHIP RelationshipType,
    PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX Information, PULONG Length) {
  require_irql_at_most(DISPATCH_LEVEL, __func__);
  KAFFINITY processors = all_processors();
  if (ProcessorNumber != nullptr) {
    const ULONG index = KeGetProcessorIndexFromNumber(ProcessorNumber);
    if (index >= processor_count()) return STATUS_INVALID_PARAMETER;
    processors = KAFFINITY{1} << index;
  }
  const std::vector<Record> records = relations(RelationshipType, processors);
  const ULONG room = *Length;
  *Length = 0;
  for (const Record& record : records) *Length += record.Size;
  if (Information == nullptr || *Length > room) return STATUS_INFO_LENGTH_MISMATCH;
  auto* next = reinterpret_cast<char*>(Information);
  for (const Record& record : records) {
    std::memcpy(next, &record, record.Size);
    next += record.Size;
  }
  return STATUS_SUCCESS;
}
