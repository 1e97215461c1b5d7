#include "fs/attributes.h"

#include <sys/sysmacros.h>

#include "fs/fixed_node.h"
#include "fs/mount_state.h"

namespace commitfs::fs {
namespace {

constexpr blksize_t kBlockSize = 4096;

NodeAttributes from_tree(const View& view, const Attributes& attributes) {
  const bool writable = attributes.staged && attributes.inode.is_regular();
  const double timeout_s = view.uncached() ? kNever_s : writable ? kWritable_s : kForever_s;
  return {.stat = to_stat(view, attributes), .timeout_s = timeout_s};
}

/// The record of the version that a node's body comes from: its size and times, whatever the inode
/// is by now.
Result<Attributes> recorded_attributes(Mount& mount, const Node& node, SeqNo since) {
  if (since == SeqNo::none) return fail(ENOENT, "a body that is not committed has no record");
  Catalog& catalog = *mount.table.context().catalog;
  auto record = TRY(catalog.find_inode(since, node.inode));
  if (!record) return fail(ENOENT, "the version a body comes from is gone");
  Attributes recorded;
  recorded.blocks_512 = (record->size_bytes + 511) / 512;
  recorded.inode = std::move(*record);
  return recorded;
}

/// A file of a session that was discarded while it was open: its body is all that is left of it.
Result<NodeAttributes> describe_discarded(const Node& node) {
  NodeAttributes result{.stat = TRY(node.body.stat()), .timeout_s = kWritable_s};
  result.stat.st_ino = node.number();
  result.stat.st_nlink = 0;
  return result;
}

}  // namespace

struct stat to_stat(const View& view, const Attributes& attributes) {
  const InodeRecord& inode = attributes.inode;
  struct stat result{};
  result.st_ino = view.number(inode.id);
  result.st_mode = inode.mode;
  result.st_nlink = inode.nlink;
  result.st_uid = inode.uid;
  result.st_gid = inode.gid;
  result.st_rdev = inode.rdev;
  result.st_size = static_cast<off_t>(inode.size_bytes);
  result.st_blksize = kBlockSize;
  result.st_blocks = static_cast<blkcnt_t>(attributes.blocks_512);
  result.st_atim = to_timespec(inode.atime_ns);
  result.st_mtim = to_timespec(inode.mtime_ns);
  result.st_ctim = to_timespec(inode.ctime_ns);
  return result;
}

Result<NodeAttributes> describe(Mount& mount, const Node& node) {
  if (node.fixed != nullptr) {
    struct stat fixed = TRY(node.fixed->attributes());
    fixed.st_ino = node.number();
    return NodeAttributes{.stat = fixed, .timeout_s = node.fixed->attribute_timeout_s()};
  }
  auto now = node.view->tree->attributes(node.inode);
  if (now) return describe(mount, node, *now);
  if (now.error().code != ENOENT) return std::unexpected(std::move(now).error());
  // Deleted, but somebody has it open.
  const SeqNo since = mount.nodes.content(node).since;
  if (since == SeqNo::none) return describe_discarded(node);
  auto recorded = TRY(recorded_attributes(mount, node, since));
  recorded.inode.nlink = 0;
  return from_tree(*node.view, recorded);
}

Result<NodeAttributes> describe(Mount& mount, const Node& node, const Attributes& now) {
  NodeAttributes result = from_tree(*node.view, now);
  result.stat.st_ino = node.number();
  if (!now.inode.is_regular()) return result;
  const NodeContent content = mount.nodes.content(node);
  if (content.object == now.inode.object) return result;
  auto recorded = recorded_attributes(mount, node, content.since);
  if (!recorded) return result;
  const struct stat then = to_stat(*node.view, *recorded);
  result.stat.st_size = then.st_size;
  result.stat.st_blocks = then.st_blocks;
  result.stat.st_mtim = then.st_mtim;
  return result;
}

}  // namespace commitfs::fs
