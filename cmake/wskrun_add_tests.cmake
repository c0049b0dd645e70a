# wskrun_add_tests(name SOURCES ... LIBRARIES ...): a GoogleTest program. Each case is one ctest
# entry in a process of its own, so that one that hangs or crashes costs only itself. The XML
# reports feed scripts/requirements.
include(GoogleTest)

function(wskrun_add_tests name)
  cmake_parse_arguments(PARSE_ARGV 1 tests "" "" "SOURCES;LIBRARIES")
  add_executable(${name} ${tests_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_compile_definitions(${name} PRIVATE
    WSKRUN_DRIVER_DIR="${WSKRUN_DRIVER_OUTPUT_DIRECTORY}"
    WSKRUN_BIN_DIR="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
  target_link_libraries(${name} PRIVATE
    ${tests_LIBRARIES} GTest::gmock GTest::gtest_main fmt::fmt Threads::Threads)
  gtest_discover_tests(${name}
    TEST_PREFIX ${name}.
    XML_OUTPUT_DIR ${PROJECT_BINARY_DIR}/reports/${name}
    NO_PRETTY_VALUES
    DISCOVERY_MODE PRE_TEST
    DISCOVERY_TIMEOUT 60
    PROPERTIES TIMEOUT 300 LABELS ${name})
endfunction()
