# Drivers include "source.tmh", which Windows' trace preprocessor (WPP) generates. Here that header
# is generated too: one macro per trace function, each of which prints through DbgPrintEx.
# include/wskrun/wpp.h holds what does not depend on the driver.

# The .tmh files a source includes, as a list of names.
function(wskrun_find_tmh_includes source result)
  file(STRINGS ${source} lines REGEX "^[ \t]*#[ \t]*include[ \t]*\"[^\"]+\\.tmh\"")
  set(names "")
  foreach(line IN LISTS lines)
    string(REGEX REPLACE ".*\"([^\"]+\\.tmh)\".*" "\\1" name "${line}")
    list(APPEND names ${name})
  endforeach()
  set(${result} ${names} PARENT_SCOPE)
endfunction()

# The trace functions a file declares in its WPP configuration, as "Name(LEVEL,FLAGS,MSG,...)".
# A line there reads `FUNC Name{LEVEL=...}(MSG, ...);`.
function(wskrun_find_trace_functions file result)
  file(STRINGS ${file} lines REGEX "^[ \t/*]*FUNC[ \t]+[A-Za-z_0-9]+[ \t]*({[^}]*})?[ \t]*\\([^)]*\\)")
  set(functions "")
  foreach(line IN LISTS lines)
    string(REGEX REPLACE "^[ \t/*]*FUNC[ \t]+([A-Za-z_0-9]+)[ \t]*({[^}]*})?[ \t]*(\\([^)]*\\)).*"
      "\\1\\3" function "${line}")
    list(APPEND functions "${function}")
  endforeach()
  set(${result} ${functions} PARENT_SCOPE)
endfunction()

# One trace function as a macro. Parameters that are not the message only choose a level or a flag,
# so they are not evaluated; with no message of its own the function's name is the message.
function(wskrun_trace_macro function result)
  string(REGEX REPLACE "[ \t()]" " " words "${function}")
  string(REGEX REPLACE "^ *([A-Za-z_0-9]+).*" "\\1" name "${words}")
  string(REGEX REPLACE "^[^(]*\\((.*)\\).*" "\\1" parameters "${function}")
  if(parameters MATCHES "(^|[, ])MSG")
    set(body "WSKRUN_TRACE(MSG, ##__VA_ARGS__)")
  else()
    set(body "WSKRUN_TRACE(\"${name}\")")
  endif()
  set(${result} "#define ${name}(${parameters}) ${body}\n" PARENT_SCOPE)
endfunction()

function(wskrun_answer_wpp target sources trace_functions)
  set(headers "")
  set(functions "DoTraceMessage(FLAGS,MSG,...)" ${trace_functions})
  foreach(source IN LISTS sources)
    cmake_path(ABSOLUTE_PATH source)
    cmake_path(GET source PARENT_PATH folder)
    wskrun_find_tmh_includes(${source} names)
    list(APPEND headers ${names})
    file(GLOB neighbours ${folder}/*.h)
    foreach(file IN ITEMS ${source} ${neighbours})
      wskrun_find_trace_functions(${file} found)
      list(APPEND functions ${found})
    endforeach()
  endforeach()
  if(NOT headers)
    return()
  endif()

  list(REMOVE_DUPLICATES headers)
  list(REMOVE_DUPLICATES functions)
  set(macros "")
  foreach(function IN LISTS functions)
    wskrun_trace_macro("${function}" macro)
    string(APPEND macros "${macro}")
  endforeach()
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/${target}.tmh)
  foreach(header IN LISTS headers)
    file(CONFIGURE OUTPUT ${folder}/${header}
      CONTENT "#pragma once\n#include <wskrun/wpp.h>\n${macros}")
  endforeach()
  target_include_directories(${target} PRIVATE ${folder})
endfunction()
