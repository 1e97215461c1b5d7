#include "fs/mount_state.h"
#include "fs/ops.h"
#include "fs/writable.h"
#include "txn/tree_operations.h"

namespace commitfs::fs::ops {
namespace {

Result<Entry> make(Mount& mount, const Caller& caller, NodeId parent, const char* name, mode_t mode,
                   dev_t rdev) {
  const auto directory = TRY(mount.find(parent));
  Session* session = TRY(writable_directory(*directory, name));
  const auto made = TRY(tree::mknod(*session, caller, directory->inode, name, mode, rdev));
  return make_entry(mount, directory->view, made, {parent, name});
}

}  // namespace

void mknod(Request request, NodeId parent, const char* name, mode_t mode, dev_t rdev) {
  request.entry(make(request.mount(), request.caller(), parent, name, mode, rdev));
}

}  // namespace commitfs::fs::ops
