# How tests are declared. Labels: unit (no mount, fast), contract (every catalog passes it), mounted
# (a real mount; skips without /dev/fuse), slow (minutes; `tools/test --fast` leaves it out).

find_package(GTest REQUIRED)
find_package(benchmark QUIET)
include(GoogleTest)

# Owns the precompiled headers of all tests.
file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/test_headers.cc "// Nothing but the precompiled headers.\n")
add_library(commitfs_test_headers OBJECT ${CMAKE_CURRENT_BINARY_DIR}/test_headers.cc)
target_link_libraries(commitfs_test_headers PRIVATE commitfs_meta GTest::gmock GTest::gtest_main
                                                    commitfs_warnings)
target_include_directories(commitfs_test_headers PRIVATE ${PROJECT_SOURCE_DIR})
commitfs_precompile(commitfs_test_headers precompiled_test.h commitfs_test_headers)

# Seconds one test case may take; a sanitizer's build gets several times as long.
set(COMMITFS_TEST_TIMEOUT_S 60)
if(COMMITFS_SANITIZE)
  set(COMMITFS_TEST_TIMEOUT_S 240)
endif()

# commitfs_add_test(NAME LABELS … SOURCES … LIBS … [TIMEOUT seconds] [SERIAL]):
# a GoogleTest executable, each case a test of ctest's. SERIAL cases run beside no other test.
# The cases find the program in $COMMITFS_PROGRAM and the sources in $COMMITFS_SOURCE_DIR.
function(commitfs_add_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "SERIAL" "TIMEOUT" "LABELS;SOURCES;LIBS")
  if(NOT arg_SOURCES OR NOT arg_LABELS OR arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "commitfs_add_test(${name}) needs LABELS and SOURCES")
  endif()
  commitfs_test_settings()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_LIBS} GTest::gmock GTest::gtest_main
                                        commitfs_warnings)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  # Only what is compiled with the layers' own definitions can share their headers.
  if("${arg_LIBS}" MATCHES "commitfs_(meta|txn|fs)")
    commitfs_precompile(${name} precompiled_test.h commitfs_test_headers)
  endif()
  if(TARGET commitfs AND "mounted" IN_LIST arg_LABELS)
    add_dependencies(${name} commitfs)
  endif()
  gtest_discover_tests(${name}
    TEST_PREFIX ${name}.
    TEST_LIST ${name}_cases
    DISCOVERY_MODE PRE_TEST
    DISCOVERY_TIMEOUT 60)
  # gtest_discover_tests takes no property that is a list, so ctest sets them after discovery.
  set(properties_file ${CMAKE_CURRENT_BINARY_DIR}/${name}_properties.cmake)
  file(WRITE ${properties_file}
       "if(${name}_cases)\n"
       "  set_tests_properties(\${${name}_cases} PROPERTIES ${settings})\n"
       "endif()\n")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${properties_file})
endfunction()

# commitfs_add_script_test(NAME LABELS … COMMAND … [TIMEOUT seconds] [SERIAL]):
# any command as one test; exit status 77 means skipped. Same environment as above.
function(commitfs_add_script_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "SERIAL" "TIMEOUT" "LABELS;COMMAND")
  if(NOT arg_COMMAND OR NOT arg_LABELS OR arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "commitfs_add_script_test(${name}) needs LABELS and COMMAND")
  endif()
  commitfs_test_settings()
  add_test(NAME ${name} COMMAND ${arg_COMMAND})
  cmake_language(EVAL CODE "set_tests_properties(${name} PROPERTIES ${settings})")
  set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 77)
endfunction()

# commitfs_add_benchmark(NAME SOURCES … LIBS …): built with everything else, run by hand.
function(commitfs_add_benchmark name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBS")
  if(NOT benchmark_FOUND)
    return()
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_LIBS} benchmark::benchmark_main commitfs_warnings)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
endfunction()

# Sets `settings`, the test properties both kinds share, as CMake code, from the caller's parsed
# arguments.
macro(commitfs_test_settings)
  foreach(label IN LISTS arg_LABELS)
    if(NOT label MATCHES "^(unit|contract|mounted|slow)$")
      message(FATAL_ERROR "${name}: no label ${label}")
    endif()
  endforeach()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT ${COMMITFS_TEST_TIMEOUT_S})
  endif()
  set(settings "LABELS [[${arg_LABELS}]] TIMEOUT ${arg_TIMEOUT}")
  string(APPEND settings " ENVIRONMENT [[COMMITFS_PROGRAM=${PROJECT_BINARY_DIR}/commitfs;"
         "COMMITFS_SOURCE_DIR=${PROJECT_SOURCE_DIR};COMMITFS_DEPS=${COMMITFS_DEPS}]]")
  if(arg_SERIAL)
    string(APPEND settings " RUN_SERIAL ON")
  endif()
endmacro()
