#pragma once

#include <cstdlib>
#include <string>

namespace commitfs::test {

/// Where tools/setup puts DuckDB for Node: a value for NODE_PATH. Tests skip when it is not there.
inline std::string node_modules() {
  if (const char* deps = std::getenv("COMMITFS_DEPS"))
    return std::string(deps) + "/node/node_modules";
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  const std::string base =
      cache != nullptr ? cache : std::string(home != nullptr ? home : "") + "/.cache";
  return base + "/commitfs/node/node_modules";
}

}  // namespace commitfs::test
