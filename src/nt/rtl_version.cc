// Which Windows the runtime says it is: Windows 11, version 22H2.
#include <wdm.h>

#include <cstring>
#include <iterator>

namespace {

constexpr ULONG kMajor = 10;
constexpr ULONG kMinor = 0;
constexpr ULONG kBuild = 22621;
constexpr ULONG kNtddi = 0x0A00000C;

// What a driver asks about one part of the version.
struct Part {
  ULONG type_bit;  // VER_...
  ULONG ours;
  ULONG wanted;
};

// Each VER_... bit has three bits of condition.
unsigned condition_of(ULONGLONG conditions, ULONG type_bit) {
  return static_cast<unsigned>(conditions >> (3 * __builtin_ctz(type_bit))) & 7;
}

bool holds(unsigned condition, int order) {
  switch (condition) {
    case VER_EQUAL:
      return order == 0;
    case VER_GREATER:
      return order > 0;
    case VER_GREATER_EQUAL:
      return order >= 0;
    case VER_LESS:
      return order < 0;
    case VER_LESS_EQUAL:
      return order <= 0;
    default:
      return false;
  }
}

int order_of(const Part& part) {
  return part.ours == part.wanted ? 0 : part.ours < part.wanted ? -1 : 1;
}

// The parts of a version number are one number, the gravest part first, under its condition.
template <std::size_t kCount>
bool number_holds(const Part (&parts)[kCount], ULONG type_mask, ULONGLONG conditions) {
  unsigned condition = 0;
  int order = 0;
  for (const Part& part : parts) {
    if ((type_mask & part.type_bit) == 0) continue;
    if (condition == 0) condition = condition_of(conditions, part.type_bit);
    if (order == 0) order = order_of(part);
  }
  return condition == 0 || holds(condition, order);
}

}  // namespace

extern "C" {

NTSTATUS RtlGetVersion(PRTL_OSVERSIONINFOW lpVersionInformation) {
  RTL_OSVERSIONINFOW& version = *lpVersionInformation;
  version.dwMajorVersion = kMajor;
  version.dwMinorVersion = kMinor;
  version.dwBuildNumber = kBuild;
  version.dwPlatformId = VER_PLATFORM_WIN32_NT;
  version.szCSDVersion[0] = 0;
  if (version.dwOSVersionInfoSize != sizeof(RTL_OSVERSIONINFOEXW)) return STATUS_SUCCESS;
  auto& more = reinterpret_cast<RTL_OSVERSIONINFOEXW&>(version);
  more.wServicePackMajor = more.wServicePackMinor = 0;
  more.wSuiteMask = 0;
  more.wProductType = VER_NT_WORKSTATION;
  more.wReserved = 0;
  return STATUS_SUCCESS;
}

ULONGLONG VerSetConditionMask(ULONGLONG ConditionMask, ULONG TypeMask, UCHAR Condition) {
  for (; TypeMask != 0; TypeMask &= TypeMask - 1) {
    ConditionMask |= ULONGLONG{Condition & 7u} << (3 * __builtin_ctz(TypeMask));
  }
  return ConditionMask;
}

NTSTATUS RtlVerifyVersionInfo(PRTL_OSVERSIONINFOEXW VersionInfo, ULONG TypeMask,
                              ULONGLONG ConditionMask) {
  if (TypeMask == 0 || (TypeMask & VER_SUITENAME) != 0) return STATUS_INVALID_PARAMETER;
  const Part number[] = {{VER_MAJORVERSION, kMajor, VersionInfo->dwMajorVersion},
                         {VER_MINORVERSION, kMinor, VersionInfo->dwMinorVersion},
                         {VER_SERVICEPACKMAJOR, 0, VersionInfo->wServicePackMajor},
                         {VER_SERVICEPACKMINOR, 0, VersionInfo->wServicePackMinor}};
  const Part alone[] = {{VER_BUILDNUMBER, kBuild, VersionInfo->dwBuildNumber},
                        {VER_PLATFORMID, VER_PLATFORM_WIN32_NT, VersionInfo->dwPlatformId},
                        {VER_PRODUCT_TYPE, VER_NT_WORKSTATION, VersionInfo->wProductType}};
  if (!number_holds(number, TypeMask, ConditionMask)) return STATUS_REVISION_MISMATCH;
  for (const Part& part : alone) {
    if ((TypeMask & part.type_bit) == 0) continue;
    if (!holds(condition_of(ConditionMask, part.type_bit), order_of(part))) {
      return STATUS_REVISION_MISMATCH;
    }
  }
  return STATUS_SUCCESS;
}

// FALSE: a free build.
BOOLEAN PsGetVersion(PULONG MajorVersion, PULONG MinorVersion, PULONG BuildNumber,
                     PUNICODE_STRING CSDVersion) {
  if (MajorVersion != nullptr) *MajorVersion = kMajor;
  if (MinorVersion != nullptr) *MinorVersion = kMinor;
  if (BuildNumber != nullptr) *BuildNumber = kBuild;
  if (CSDVersion != nullptr) *CSDVersion = {};
  return FALSE;
}

BOOLEAN RtlIsNtDdiVersionAvailable(ULONG Version) {
  return Version <= kNtddi;
}

}  // extern "C"
