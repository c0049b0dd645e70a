# What every target of this project is compiled with. Warnings become errors only where
# `./dev check` and CI ask for it (CMAKE_COMPILE_WARNING_AS_ERROR), never at a developer's desk.
add_library(wskrun_warnings INTERFACE)
target_compile_options(wskrun_warnings INTERFACE -Wall -Wextra)

# The WDK's headers as an ordinary Linux program sees them: 32-bit wchar_t, so WCHAR is char16_t.
# The headers use anonymous structures, and pool tags are multi-character constants.
add_library(wskrun_wdk INTERFACE)
target_include_directories(wskrun_wdk INTERFACE
  ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/include/wdk)
target_compile_options(wskrun_wdk INTERFACE
  -fms-extensions -fno-strict-aliasing -Wno-multichar -Wno-unknown-pragmas
  $<$<COMPILE_LANG_AND_ID:CXX,Clang>:-Wno-microsoft-anon-tag>
  $<$<COMPILE_LANG_AND_ID:C,Clang>:-Wno-microsoft-anon-tag>)
target_link_libraries(wskrun_wdk INTERFACE wskrun_warnings)
