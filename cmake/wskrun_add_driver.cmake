# wskrun_add_driver(name SOURCES ... [INCLUDE ...] [DEFINES ...] [TRACE_FUNCTIONS ...])
#
# Builds name.so, a driver for wskrun, from sources written for the Windows kernel. C is compiled as
# gnu11, C++ as gnu++20. The driver links nothing: the WDK's names resolve when it is loaded.
# An #include may be as Windows lets it be: in any case, and with backslashes.
#
#   INCLUDE          Further include directories.
#   DEFINES          Further preprocessor definitions.
#   TRACE_FUNCTIONS  WPP trace functions a Visual Studio project would name in WppTraceFunction,
#                    such as "TraceEvents(LEVEL,FLAGS,MSG,...)"; those in a source's own
#                    begin_wpp blocks are found without it (see wskrun_wpp.cmake).
include(${CMAKE_CURRENT_LIST_DIR}/wskrun_wpp.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/wskrun_includes.cmake)

set(WSKRUN_DRIVER_EXPORTS ${CMAKE_CURRENT_LIST_DIR}/driver.map)
# What MSVC does without being asked: 16-bit wchar_t, its bit-field layout, no type-based alias
# analysis, wrapping signed arithmetic. `linux` and `unix` are ordinary identifiers in a driver.
set(WSKRUN_DRIVER_OPTIONS -fshort-wchar -mms-bitfields -fwrapv -Ulinux -Uunix)

function(wskrun_add_driver name)
  cmake_parse_arguments(PARSE_ARGV 1 driver "" "" "SOURCES;INCLUDE;DEFINES;TRACE_FUNCTIONS")
  if(driver_UNPARSED_ARGUMENTS OR NOT driver_SOURCES)
    message(FATAL_ERROR "wskrun_add_driver(${name}): expected SOURCES, then INCLUDE, DEFINES, "
      "TRACE_FUNCTIONS; got '${ARGN}'")
  endif()

  set(target driver_${name})
  add_library(${target} MODULE ${driver_SOURCES})
  set_target_properties(${target} PROPERTIES PREFIX "" OUTPUT_NAME ${name}
    C_STANDARD 11 CXX_STANDARD 20)
  if(WSKRUN_DRIVER_OUTPUT_DIRECTORY)
    set_target_properties(${target} PROPERTIES
      LIBRARY_OUTPUT_DIRECTORY ${WSKRUN_DRIVER_OUTPUT_DIRECTORY})
  endif()
  target_link_libraries(${target} PRIVATE wskrun_wdk)
  target_include_directories(${target} PRIVATE ${driver_INCLUDE})
  # MSVC defines _KERNEL_MODE for whatever is compiled for the kernel.
  target_compile_definitions(${target} PRIVATE WSKRUN _KERNEL_MODE=1 ${driver_DEFINES})
  # MSVC makes an inline function of C's wherever it is defined, and the linker keeps one.
  target_compile_options(${target} PRIVATE ${WSKRUN_DRIVER_OPTIONS}
    $<$<COMPILE_LANGUAGE:C>:-fgnu89-inline>
    $<$<COMPILE_LANG_AND_ID:CXX,Clang>:-Wno-incompatible-ms-struct>)
  target_link_options(${target} PRIVATE
    -Wl,--version-script=${WSKRUN_DRIVER_EXPORTS} -Wl,-z,muldefs)
  set_target_properties(${target} PROPERTIES LINK_DEPENDS ${WSKRUN_DRIVER_EXPORTS})
  wskrun_answer_wpp(${target} "${driver_SOURCES}" "${driver_TRACE_FUNCTIONS}")
  wskrun_answer_includes(${target} "${driver_SOURCES}" "${driver_INCLUDE}")
endfunction()

# A folder of drivers: each source file in it is one, each folder below it is one of many sources.
function(wskrun_add_driver_folder folder)
  file(GLOB entries CONFIGURE_DEPENDS LIST_DIRECTORIES true ${folder}/*)
  foreach(entry IN LISTS entries)
    cmake_path(GET entry STEM name)
    if(entry MATCHES "\\.(c|cpp)$")
      wskrun_add_driver(${name} SOURCES ${entry})
    elseif(IS_DIRECTORY ${entry})
      file(GLOB sources CONFIGURE_DEPENDS ${entry}/*.c ${entry}/*.cpp)
      if(sources)
        wskrun_add_driver(${name} SOURCES ${sources} INCLUDE ${entry})
      endif()
    endif()
  endforeach()
endfunction()
