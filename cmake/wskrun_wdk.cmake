# The WDK's headers as an ordinary Linux program sees them: 32-bit wchar_t, so WCHAR is char16_t.
# wskrun_add_driver adds what makes a driver of it.
include_guard(GLOBAL)

add_library(wskrun_wdk INTERFACE)
cmake_path(GET CMAKE_CURRENT_LIST_DIR PARENT_PATH wskrun_root)
set(WSKRUN_WDK_FOLDER ${wskrun_root}/include/wdk)
target_include_directories(wskrun_wdk INTERFACE ${wskrun_root}/include ${WSKRUN_WDK_FOLDER})
# Windows code has anonymous structures with tags, multi-character constants (pool tags) and
# pragmas of MSVC, and initialises nested structures with {0}.
set(WSKRUN_WDK_OPTIONS
  -fms-extensions -fno-strict-aliasing
  -Wno-multichar -Wno-unknown-pragmas -Wno-missing-braces -Wno-missing-field-initializers)
target_compile_options(wskrun_wdk INTERFACE ${WSKRUN_WDK_OPTIONS}
  $<$<COMPILE_LANG_AND_ID:C,Clang>:-Wno-microsoft-anon-tag -Wno-pragma-pack>
  $<$<COMPILE_LANG_AND_ID:CXX,Clang>:-Wno-microsoft-anon-tag -Wno-pragma-pack>)
