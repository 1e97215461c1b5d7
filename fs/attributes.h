#pragma once

#include <sys/stat.h>

#include "fs/node_table.h"
#include "txn/file_time.h"
#include "txn/tree.h"

namespace commitfs::fs {

class Mount;

struct stat to_stat(const View& view, const Attributes& attributes);

/// What stat(2) of a node says, and for how many seconds the kernel may believe it.
struct NodeAttributes {
  struct stat stat{};
  double timeout_s = 0;
};
/// Of any node. A stale one keeps the size and times of its body; the link count is 0 when the
/// inode is gone from the view. Errors: ENOENT, EIO.
Result<NodeAttributes> describe(Mount& mount, const Node& node);
/// The same from what an operation just answered on the node's inode.
Result<NodeAttributes> describe(Mount& mount, const Node& node, const Attributes& now);

}  // namespace commitfs::fs
