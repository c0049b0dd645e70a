// ExIsProcessorFeaturePresent: what the processor says about itself.
#include <cpuid.h>
#include <wdm.h>

#include <algorithm>
#include <iterator>

namespace {

enum class Register { kEax, kEbx, kEcx, kEdx };

// Where CPUID tells of a feature.
struct Row {
  ULONG feature;
  unsigned leaf;
  Register where;
  unsigned bit;
};

constexpr unsigned kBasic = 1;
constexpr unsigned kStructured = 7;
constexpr unsigned kExtended = 0x80000001;

constexpr Row kRows[] = {
    {PF_COMPARE_EXCHANGE_DOUBLE, kBasic, Register::kEdx, 8},
    {PF_MMX_INSTRUCTIONS_AVAILABLE, kBasic, Register::kEdx, 23},
    {PF_XMMI_INSTRUCTIONS_AVAILABLE, kBasic, Register::kEdx, 25},
    {PF_3DNOW_INSTRUCTIONS_AVAILABLE, kExtended, Register::kEdx, 31},
    {PF_RDTSC_INSTRUCTION_AVAILABLE, kBasic, Register::kEdx, 4},
    {PF_PAE_ENABLED, kBasic, Register::kEdx, 6},
    {PF_XMMI64_INSTRUCTIONS_AVAILABLE, kBasic, Register::kEdx, 26},
    {PF_NX_ENABLED, kExtended, Register::kEdx, 20},
    {PF_SSE3_INSTRUCTIONS_AVAILABLE, kBasic, Register::kEcx, 0},
    {PF_COMPARE_EXCHANGE128, kBasic, Register::kEcx, 13},
    {PF_XSAVE_ENABLED, kBasic, Register::kEcx, 27},
    {PF_RDWRFSGSBASE_AVAILABLE, kStructured, Register::kEbx, 0},
    {PF_RDRAND_INSTRUCTION_AVAILABLE, kBasic, Register::kEcx, 30},
    {PF_RDTSCP_INSTRUCTION_AVAILABLE, kExtended, Register::kEdx, 27},
    {PF_SSSE3_INSTRUCTIONS_AVAILABLE, kBasic, Register::kEcx, 9},
    {PF_SSE4_1_INSTRUCTIONS_AVAILABLE, kBasic, Register::kEcx, 19},
    {PF_SSE4_2_INSTRUCTIONS_AVAILABLE, kBasic, Register::kEcx, 20},
    {PF_AVX_INSTRUCTIONS_AVAILABLE, kBasic, Register::kEcx, 28},
    {PF_AVX2_INSTRUCTIONS_AVAILABLE, kStructured, Register::kEbx, 5},
    {PF_AVX512F_INSTRUCTIONS_AVAILABLE, kStructured, Register::kEbx, 16},
};

bool is_there(const Row& row) {
  unsigned registers[4] = {};
  if (__get_cpuid_count(row.leaf, 0, &registers[0], &registers[1], &registers[2], &registers[3]) ==
      0) {
    return false;
  }
  return (registers[static_cast<int>(row.where)] >> row.bit & 1) != 0;
}

}  // namespace

// A feature that is not in the table is not there, __fastfail excepted: that one is the runtime's.
extern "C" BOOLEAN ExIsProcessorFeaturePresent(ULONG ProcessorFeature) {
  if (ProcessorFeature == PF_FASTFAIL_AVAILABLE) return TRUE;
  const auto row = std::ranges::find(kRows, ProcessorFeature, &Row::feature);
  return row != std::end(kRows) && is_there(*row);
}
