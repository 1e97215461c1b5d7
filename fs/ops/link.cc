#include "fs/mount_state.h"
#include "fs/ops.h"
#include "fs/writable.h"
#include "txn/tree_operations.h"

namespace commitfs::fs::ops {
namespace {

Result<Entry> make(Mount& mount, NodeId id, NodeId parent, const char* name) {
  const auto node = TRY(mount.find(id));
  const auto directory = TRY(mount.find(parent));
  Session* session = TRY(writable_directory(*directory, name));
  if (node->view != directory->view || node->fixed != nullptr) return fail(EXDEV, "link");
  const auto linked = TRY(tree::link(*session, node->inode, directory->inode, name));
  return make_entry(mount, directory->view, linked, {parent, name});
}

}  // namespace

void link(Request request, NodeId node, NodeId parent, const char* name) {
  request.entry(make(request.mount(), node, parent, name));
}

}  // namespace commitfs::fs::ops
