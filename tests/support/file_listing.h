#pragma once

#include <filesystem>
#include <map>
#include <ostream>
#include <string>

#include "meta/catalog.h"

namespace commitfs::test {

/// All that a file says of itself, comparable.
struct ListedFile {
  mode_t mode = 0;
  uid_t uid = 0;
  gid_t gid = 0;
  dev_t rdev = 0;
  std::uint64_t size_bytes = 0;
  TimeNs atime_ns = 0, mtime_ns = 0, ctime_ns = 0, btime_ns = 0;
  std::string symlink_target;
  std::map<std::string, std::string> xattrs;
  std::uint32_t nlink = 0;
  std::string first_name;  ///< the first path, in order, that is the same inode

  bool operator==(const ListedFile&) const = default;
};
std::ostream& operator<<(std::ostream& out, const ListedFile& file);

/// Path, "" for the root, to what is there.
using FileListing = std::map<std::string, ListedFile>;

/// A directory as the system sees it, without `.commitfs` at its root. Reads no file.
FileListing list_directory(const std::filesystem::path& directory);
/// Version `at` as the catalog knows it.
FileListing list_version(CatalogReader& catalog, SeqNo at);

}  // namespace commitfs::test
