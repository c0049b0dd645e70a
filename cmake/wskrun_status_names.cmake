# wskrun_status_name() answers out of ntstatus.h itself: each name in it becomes a row of
# status_names.inc, which src/host/status_name.cc includes.
set(header ${PROJECT_SOURCE_DIR}/include/wdk/ntstatus.h)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${header})
file(STRINGS ${header} lines REGEX "^#define STATUS_[A-Z0-9_]+ \\(\\(NTSTATUS\\)")
set(rows "")
foreach(line IN LISTS lines)
  string(REGEX REPLACE "^#define (STATUS_[A-Z0-9_]+) .*" "    {\\1, \"\\1\"},\n" row "${line}")
  string(APPEND rows "${row}")
endforeach()
file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/generated/status_names.inc CONTENT "${rows}")
set_source_files_properties(host/status_name.cc PROPERTIES
  INCLUDE_DIRECTORIES ${CMAKE_CURRENT_BINARY_DIR}/generated)
