#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace commitfs::test {

/// A small tree in one line, by path: "a=text d/ d/b=more l->target". A file's last newline is left
/// out.
std::string brief_tree(const std::filesystem::path& directory);

/// What to leave out of a comparison of two trees.
struct DetailOptions {
  bool times = true;
  bool owners = true;
  bool xattrs = true;
};
/// Path to everything that a copy keeps: type, mode, owner, size, mtime, target, extended
/// attributes (user.*), links among each other, hash of the content. Directories' sizes and link
/// counts are left out.
std::map<std::string, std::string> detailed_tree(const std::filesystem::path& directory,
                                                 const DetailOptions& options = {});

}  // namespace commitfs::test
