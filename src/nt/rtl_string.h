// Counted strings, towards the runtime's own code. The WDK's functions are in rtl_string.cc and
// rtl_convert.cc.
#pragma once

#include <wdm.h>

#include <string_view>

namespace wskrun::nt {

inline std::u16string_view view_of(const UNICODE_STRING& string) {
  return string.Buffer == nullptr
             ? std::u16string_view()
             : std::u16string_view(string.Buffer, string.Length / sizeof(WCHAR));
}

inline std::string_view view_of(const STRING& string) {
  return string.Buffer == nullptr ? std::string_view()
                                  : std::string_view(string.Buffer, string.Length);
}

// Pool memory for a string's characters, which RtlFreeUnicodeString and its kin give back.
// `caller`: the return address in the driver. nullptr when there is no memory.
void* allocate_string(std::size_t size_bytes, const void* caller);

}  // namespace wskrun::nt
