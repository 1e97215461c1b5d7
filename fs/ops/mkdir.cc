#include "fs/fixed_node.h"
#include "fs/mount_state.h"
#include "fs/ops.h"
#include "fs/writable.h"
#include "txn/tree_operations.h"

namespace commitfs::fs::ops {
namespace {

Result<Entry> make(Mount& mount, const Caller& caller, NodeId parent, const char* name,
                   mode_t mode) {
  const auto directory = TRY(mount.find(parent));
  if (directory->fixed != nullptr) return directory->fixed->make_directory(name, caller);
  Session* session = TRY(writable_directory(*directory, name));
  const auto made = TRY(tree::mkdir(*session, caller, directory->inode, name, mode));
  return make_entry(mount, directory->view, made, {parent, name});
}

}  // namespace

void mkdir(Request request, NodeId parent, const char* name, mode_t mode) {
  request.entry(make(request.mount(), request.caller(), parent, name, mode));
}

}  // namespace commitfs::fs::ops
