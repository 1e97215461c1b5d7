# The warnings target and the functions with which the folders declare their targets.

add_library(commitfs_warnings INTERFACE)
target_compile_options(commitfs_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor
  # GCC alone warns of fields that a designated initialiser leaves at their default.
  -Wno-missing-field-initializers
  # GCC 12 sees bounds broken where an error moves through std::expected.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-array-bounds>
  $<$<CXX_COMPILER_ID:GNU>:-Wno-stringop-overread>
  # A lock taken wrongly is an error in every build that can see it.
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety -Werror=thread-safety>
  $<$<BOOL:${COMMITFS_WERROR}>:-Werror>)

if(COMMITFS_SANITIZE)
  add_compile_options(-fsanitize=${COMMITFS_SANITIZE} -fno-sanitize-recover=all
                      -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${COMMITFS_SANITIZE})
endif()

# The headers nearly all sources include are parsed once: two thirds of a build's time.
option(COMMITFS_PRECOMPILE "Precompile the common headers" ON)
function(commitfs_precompile name header owner)
  if(NOT COMMITFS_PRECOMPILE)
    return()
  endif()
  if(name STREQUAL owner)
    # Not by its absolute path, which would make each clone's header another one for ccache.
    target_precompile_headers(${name} PRIVATE <tools/cmake/${header}>)
  else()
    target_precompile_headers(${name} REUSE_FROM ${owner})
  endif()
  # What ccache needs to see through a precompiled header.
  target_compile_options(${name} PRIVATE
    $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>
    $<$<CXX_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>)
endfunction()

# commitfs_add_library(NAME SOURCES … LIBS …): a static library of one layer. LIBS are public.
# While the source list is empty it is an interface library, so that everything still configures.
function(commitfs_add_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBS")
  if(arg_SOURCES)
    add_library(${name} STATIC ${arg_SOURCES})
    target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
    target_link_libraries(${name} PUBLIC ${arg_LIBS} PRIVATE commitfs_warnings)
    commitfs_precompile(${name} precompiled.h commitfs_meta)
  else()
    add_library(${name} INTERFACE)
    target_include_directories(${name} INTERFACE ${PROJECT_SOURCE_DIR})
    target_link_libraries(${name} INTERFACE ${arg_LIBS})
  endif()
endfunction()
