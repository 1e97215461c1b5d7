#pragma once

#include <sys/stat.h>

#include <string>

namespace commitfs::test::parity {

/// What two file systems must agree on: not times, numbers and devices, nor a directory's size.
std::string describe(const struct stat& status);

/// Extended attributes and access control lists of a path, not following a symbolic link.
std::string describe_xattrs(const std::string& path);

}  // namespace commitfs::test::parity
