#pragma once

#include <set>
#include <string_view>

#include "meta/types.h"

namespace commitfs {

/// Gathers what recorded changes touched. Used by one thread.
class TouchedKeys {
 public:
  /// The group of a change may be another name than that of the file; its path has the name.
  void add(ChangeKind kind, InodeId inode, InodeId partition, std::string_view path) {
    inodes_.insert(inode);
    if (kind == ChangeKind::times || (inode == InodeId::root && path == ".")) return;
    inodes_.insert(partition);
    dirents_.insert({partition, std::string(path.substr(path.rfind('/') + 1))});
  }

  Touched take() && {
    return {.inodes = {inodes_.begin(), inodes_.end()},
            .dirents = {dirents_.begin(), dirents_.end()}};
  }

 private:
  std::set<InodeId> inodes_;
  std::set<DirentKey> dirents_;
};

}  // namespace commitfs
