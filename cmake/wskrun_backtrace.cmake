# libbacktrace, which names functions and lines in reports (src/host/place.cc), lies in gcc's own
# folder, and clang finds that folder too. Only its one header is taken from there: the others
# beside it are gcc's idea of stddef.h and must not get in clang's way.
find_library(WSKRUN_BACKTRACE_LIBRARY backtrace
  HINTS ${CMAKE_CXX_IMPLICIT_LINK_DIRECTORIES} REQUIRED)
find_file(WSKRUN_BACKTRACE_HEADER backtrace.h
  HINTS ${CMAKE_CXX_IMPLICIT_LINK_DIRECTORIES} PATH_SUFFIXES include REQUIRED)
mark_as_advanced(WSKRUN_BACKTRACE_LIBRARY WSKRUN_BACKTRACE_HEADER)
target_link_libraries(wskrun_objects PUBLIC ${WSKRUN_BACKTRACE_LIBRARY})
set_source_files_properties(host/place.cc PROPERTIES
  COMPILE_DEFINITIONS "WSKRUN_BACKTRACE_HEADER=\"${WSKRUN_BACKTRACE_HEADER}\"")
