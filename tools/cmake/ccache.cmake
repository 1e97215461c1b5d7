# Compiles through ccache where it is installed. Paths are hashed relative to the source directory,
# so that several build directories, and several clones, share the cache.
find_program(COMMITFS_CCACHE ccache)
if(COMMITFS_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=true
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      ${COMMITFS_CCACHE})
endif()
