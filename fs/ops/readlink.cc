#include "fs/fixed_node.h"
#include "fs/mount_state.h"
#include "fs/ops.h"

namespace commitfs::fs::ops {
namespace {

Result<std::string> find_target(Mount& mount, NodeId id) {
  const auto node = TRY(mount.find(id));
  if (node->fixed != nullptr) return node->fixed->target();
  // The kernel asks on behalf of a path walk too: where that leads hangs on these bytes.
  note_read(*node, ReadKind::file);
  Attributes found = TRY(node->view->tree->attributes(node->inode));
  if (!S_ISLNK(found.inode.mode)) return fail(EINVAL, "readlink");
  return std::move(found.inode.symlink_target);
}

}  // namespace

void readlink(Request request, NodeId node) {
  request.text(find_target(request.mount(), node));
}

}  // namespace commitfs::fs::ops
