#include "fs/mount_state.h"
#include "fs/ops.h"
#include "fs/root_rules.h"
#include "fs/setuid.h"
#include "fs/writable.h"
#include "txn/tree_operations.h"

namespace commitfs::fs::ops {
namespace {

constexpr mode_t kPermissions = 07777;

tree::SetAttributes to_changes(const struct stat& values, int to_set, TimeNs now_ns) {
  tree::SetAttributes changes;
  if ((to_set & FUSE_SET_ATTR_MODE) != 0) changes.mode = values.st_mode & kPermissions;
  if ((to_set & FUSE_SET_ATTR_UID) != 0) changes.uid = values.st_uid;
  if ((to_set & FUSE_SET_ATTR_GID) != 0) changes.gid = values.st_gid;
  if ((to_set & FUSE_SET_ATTR_SIZE) != 0) {
    changes.size_bytes = static_cast<std::uint64_t>(values.st_size);
  }
  if ((to_set & FUSE_SET_ATTR_ATIME_NOW) != 0) {
    changes.atime_ns = now_ns;
  } else if ((to_set & FUSE_SET_ATTR_ATIME) != 0) {
    changes.atime_ns = to_ns(values.st_atim);
  }
  if ((to_set & FUSE_SET_ATTR_MTIME_NOW) != 0) {
    changes.mtime_ns = now_ns;
  } else if ((to_set & FUSE_SET_ATTR_MTIME) != 0) {
    changes.mtime_ns = to_ns(values.st_mtim);
  }
  return changes;
}

/// A control file may be truncated, to be written; nothing else of a fixed node can be set.
Result<NodeAttributes> set_fixed(Mount& mount, const Node& node, int to_set) {
  constexpr int kHarmless = FUSE_SET_ATTR_SIZE | FUSE_SET_ATTR_MTIME | FUSE_SET_ATTR_MTIME_NOW |
                            FUSE_SET_ATTR_ATIME | FUSE_SET_ATTR_ATIME_NOW | FUSE_SET_ATTR_CTIME;
  if ((to_set & ~kHarmless) != 0) return fail(EPERM, "setattr of a fixed node");
  return describe(mount, node);
}

Result<NodeAttributes> set(Mount& mount, Node& node, const tree::SetAttributes& changes) {
  Session* session = TRY(writable_session(node));
  const Attributes now = TRY(tree::setattr(*session, node.inode, changes));
  note_setuid_body(node);
  // A new size may have given the inode a body of the session's own.
  if (changes.size_bytes && !mount.nodes.rebind(node, now.inode.object)) {
    mount.drop_names(node);
    return fail(ESTALE, "open with its committed body elsewhere");
  }
  return describe(mount, node, now);
}

}  // namespace

void setattr(Request request, NodeId id, struct stat* values, int to_set, fuse_file_info*) {
  Mount& mount = request.mount();
  auto node = mount.find(id);
  if (!node) return request.error(node.error());
  if ((*node)->fixed != nullptr) return request.attributes(set_fixed(mount, **node, to_set));
  if ((to_set & (FUSE_SET_ATTR_MODE | FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID)) != 0) {
    const auto allowed = check_attributes(**node, request.caller());
    if (!allowed) return request.error(allowed.error());
  }
  auto changes = to_changes(*values, to_set, mount.now_ns());
  const auto cleared = clear_setuid_with(request, **node, to_set, changes);
  if (!cleared) return request.error(cleared.error());
  if (changes.size_bytes.value_or(0) == 0) return request.attributes(set(mount, **node, changes));
  // May copy a body first.
  mount.executor.post([&mount, request = std::move(request), node = *std::move(node),
                       changes]() mutable { request.attributes(set(mount, *node, changes)); });
}

}  // namespace commitfs::fs::ops
