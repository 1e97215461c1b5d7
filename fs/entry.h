#pragma once

#include <sys/stat.h>

#include <memory>
#include <string_view>

#include "fs/node_table.h"
#include "fs/timeouts.h"

namespace commitfs::fs {

class Mount;

/// The answer to a lookup: a node with one reference counted for the kernel, or none when the
/// absence of the name may be remembered. Whoever does not hand it to the kernel gives the
/// reference back (Mount::forget).
struct Entry {
  std::shared_ptr<Node> node;
  struct stat attributes{};
  double attribute_timeout_s = kNever_s;
  double entry_timeout_s = kNever_s;
};

/// The entry for something found in a tree at (parent, name).
Entry make_entry(Mount& mount, const std::shared_ptr<View>& view, const Attributes& found,
                 const NodePlace& place);
/// The entry for the root of a view. ENOENT when the view has none any more.
Result<Entry> make_root_entry(Mount& mount, const std::shared_ptr<View>& view,
                              const NodePlace& place);
/// The entry for a fixed node, made on first use.
Result<Entry> make_fixed_entry(Mount& mount, const std::shared_ptr<View>& view, InodeId inode,
                               std::shared_ptr<FixedNode> fixed, double entry_timeout_s);

/// lookup(parent, name), wherever the parent is. ENOENT, ENOTDIR, ENAMETOOLONG, EIO.
Result<Entry> find_entry(Mount& mount, const Node& parent, std::string_view name);

}  // namespace commitfs::fs
