# Finds every library the project links. tools/setup installs them all.

# What the distribution lacks, tools/setup builds here, outside the clone.
if(DEFINED ENV{COMMITFS_DEPS})
  set(default_deps "$ENV{COMMITFS_DEPS}")
elseif(DEFINED ENV{XDG_CACHE_HOME})
  set(default_deps "$ENV{XDG_CACHE_HOME}/commitfs")
else()
  set(default_deps "$ENV{HOME}/.cache/commitfs")
endif()
set(COMMITFS_DEPS "${default_deps}" CACHE PATH "Where tools/setup puts what it builds")

find_package(Threads REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)
# Its -pthread would make the precompiled headers useless; Threads::Threads is linked anyhow.
set_target_properties(PkgConfig::RE2 PROPERTIES INTERFACE_COMPILE_OPTIONS "")

# The project's own libfuse first. 3.17 brings passthrough; 3.14 compiles without it: in fs/,
# `#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 17)` decides that and nothing else does.
set(saved_pkg_config_path "$ENV{PKG_CONFIG_PATH}")
set(ENV{PKG_CONFIG_PATH} "${COMMITFS_DEPS}/fuse3/lib/pkgconfig:${saved_pkg_config_path}")
pkg_check_modules(FUSE3 REQUIRED IMPORTED_TARGET fuse3>=3.14)
set(ENV{PKG_CONFIG_PATH} "${saved_pkg_config_path}")
# The API asked for; an older library's headers offer what they have. Sources do not define it.
target_compile_definitions(PkgConfig::FUSE3 INTERFACE FUSE_USE_VERSION=317)
# A static libfuse asks for -pthread, which nothing needs to be compiled with any more, and Clang
# does not take precompiled headers that were made without.
set_property(TARGET PkgConfig::FUSE3 PROPERTY INTERFACE_COMPILE_OPTIONS "")
if(FUSE3_VERSION VERSION_LESS 3.17)
  message(WARNING "libfuse ${FUSE3_VERSION} has no passthrough: reads and writes go through the "
                  "daemon. tools/setup installs a newer one.")
else()
  message(STATUS "libfuse ${FUSE3_VERSION} in ${FUSE3_PREFIX}")
endif()
