# The warnings target and the functions with which the folders declare their targets.

add_library(commitfs_warnings INTERFACE)
target_compile_options(commitfs_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor
  # GCC alone warns of fields that a designated initialiser leaves at their default.
  -Wno-missing-field-initializers
  # A lock taken wrongly is an error in every build that can see it.
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety -Werror=thread-safety>
  $<$<BOOL:${COMMITFS_WERROR}>:-Werror>)

if(COMMITFS_SANITIZE)
  add_compile_options(-fsanitize=${COMMITFS_SANITIZE} -fno-sanitize-recover=all
                      -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${COMMITFS_SANITIZE})
endif()

# commitfs_add_library(NAME SOURCES … LIBS …): a static library of one layer. LIBS are public.
# While the source list is empty it is an interface library, so that everything still configures.
function(commitfs_add_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBS")
  if(arg_SOURCES)
    add_library(${name} STATIC ${arg_SOURCES})
    target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
    target_link_libraries(${name} PUBLIC ${arg_LIBS} PRIVATE commitfs_warnings)
  else()
    add_library(${name} INTERFACE)
    target_include_directories(${name} INTERFACE ${PROJECT_SOURCE_DIR})
    target_link_libraries(${name} INTERFACE ${arg_LIBS})
  endif()
endfunction()
