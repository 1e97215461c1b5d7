#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "meta/catalog.h"

namespace commitfs {

/// What stat(2) of one inode in a view says. For a staged body, size, blocks and times are those of
/// its object now.
struct Attributes {
  InodeRecord inode;
  std::uint64_t blocks_512 = 0;
  /// The body belongs to an open session and may still be written; otherwise it is immutable.
  bool staged = false;
};

struct ListedAttributes {
  std::string name;
  Attributes attributes;
};

/// One consistent tree of directories and files to read: the head, a version, or a session's own
/// view. Inodes are named by the catalog's ids; the root is InodeId::root. Thread-safe. Errors:
/// ENOENT (no such name, or the inode is gone from this view), ENOTDIR, ENODATA (no such
/// attribute), EIO.
class Tree {
 public:
  virtual ~Tree() = default;

  virtual Result<Attributes> lookup(InodeId parent, std::string_view name) = 0;
  virtual Result<Attributes> attributes(InodeId inode) = 0;
  /// At most `limit` entries after the name `after` (bytewise; from the start when it is empty), by
  /// name. "." and ".." are not in it.
  virtual Result<std::vector<ListedAttributes>> list(InodeId directory, std::string_view after,
                                                     std::size_t limit) = 0;
  virtual Result<std::string> xattr(InodeId inode, std::string_view name) = 0;
  virtual Result<std::vector<std::string>> xattr_names(InodeId inode) = 0;
  /// The directory above a directory; the root's is the root.
  virtual Result<InodeId> parent_of(InodeId directory) = 0;
  /// One path of the inode, relative to the root without a leading '/'; "" for the root.
  virtual Result<std::string> path_of(InodeId inode) = 0;
  /// The directory of one of the inode's names, and that name; the root's is "". What group the
  /// name is in is for the rules of the table to say (GroupRules::text_of).
  virtual Result<GroupKey> group_of(InodeId inode) = 0;
};

/// Version `at`, for ever the same.
std::shared_ptr<Tree> make_snapshot_tree(std::shared_ptr<Catalog> catalog, SeqNo at);
/// The head, whatever it is at each call.
std::shared_ptr<Tree> make_live_tree(std::shared_ptr<Catalog> catalog);
/// An empty directory, `root`.
std::shared_ptr<Tree> make_empty_tree(InodeRecord root);

}  // namespace commitfs
