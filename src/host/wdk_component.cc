// The prefixes of the WDK's components.
#include "host/wdk_component.h"

#include <algorithm>

namespace wskrun::host {
namespace {

constexpr WdkComponent kKernel = {"the kernel", true};
constexpr WdkComponent kWsk = {"WSK", true};
constexpr WdkComponent kNdis = {"NDIS", false};
constexpr WdkComponent kKmdf = {"KMDF", false};
constexpr WdkComponent kCng = {"CNG (bcrypt.h)", false};
constexpr WdkComponent kIpHelper = {"the IP helper (netioapi.h)", false};
constexpr WdkComponent kWfp = {"the Windows Filtering Platform", false};
constexpr WdkComponent kFilterManager = {"the filter manager", false};
constexpr WdkComponent kStorport = {"Storport", false};
constexpr WdkComponent kUsb = {"USB", false};
constexpr WdkComponent kTdi = {"TDI", false};

struct PrefixRow {
  std::string_view prefix;
  const WdkComponent& component;
};

constexpr PrefixRow kPrefixes[] = {
    {"Cc", kKernel},
    {"Cm", kKernel},
    {"Dbg", kKernel},
    {"Etw", kKernel},
    {"Ex", kKernel},
    {"Exf", kKernel},
    {"FsRtl", kKernel},
    {"Hal", kKernel},
    {"Interlocked", kKernel},
    {"Io", kKernel},
    {"Iof", kKernel},
    {"Kd", kKernel},
    {"Ke", kKernel},
    {"Kf", kKernel},
    {"Ki", kKernel},
    {"Lsa", kKernel},
    {"Mm", kKernel},
    {"Nt", kKernel},
    {"Ob", kKernel},
    {"Obf", kKernel},
    {"Po", kKernel},
    {"Ps", kKernel},
    {"Rtl", kKernel},
    {"Se", kKernel},
    {"Wmi", kKernel},
    {"Zw", kKernel},
    {"Nmr", kWsk},
    {"Wsk", kWsk},
    {"Ndis", kNdis},
    {"Wdf", kKmdf},
    {"BCrypt", kCng},
    {"ConvertInterface", kIpHelper},
    {"GetIf", kIpHelper},
    {"GetIp", kIpHelper},
    {"GetUnicastIp", kIpHelper},
    {"NotifyIp", kIpHelper},
    {"NotifyRoute", kIpHelper},
    {"NotifyUnicastIp", kIpHelper},
    {"Fwpm", kWfp},
    {"Fwps", kWfp},
    {"Flt", kFilterManager},
    {"StorPort", kStorport},
    {"Usb", kUsb},
    {"USBD_", kUsb},
    {"Tdi", kTdi},
};

bool is_capital(char c) {
  return c >= 'A' && c <= 'Z';
}

// "KeSetEvent" begins with "Ke", "Kettle" does not.
bool begins_with(std::string_view function, std::string_view prefix) {
  return function.size() > prefix.size() && function.starts_with(prefix) &&
         is_capital(function[prefix.size()]);
}

}  // namespace

const WdkComponent* component_of(std::string_view function) {
  const auto* row = std::find_if(std::begin(kPrefixes), std::end(kPrefixes), [&](const auto& each) {
    return begins_with(function, each.prefix);
  });
  return row == std::end(kPrefixes) ? nullptr : &row->component;
}

}  // namespace wskrun::host
