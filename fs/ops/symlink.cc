#include "fs/mount_state.h"
#include "fs/ops.h"
#include "fs/writable.h"
#include "txn/tree_operations.h"

namespace commitfs::fs::ops {
namespace {

Result<Entry> make(Mount& mount, const Caller& caller, const char* target, NodeId parent,
                   const char* name) {
  const auto directory = TRY(mount.find(parent));
  Session* session = TRY(writable_directory(*directory, name));
  const auto made = TRY(tree::symlink(*session, caller, directory->inode, name, target));
  return make_entry(mount, directory->view, made, {parent, name});
}

}  // namespace

void symlink(Request request, const char* target, NodeId parent, const char* name) {
  request.entry(make(request.mount(), request.caller(), target, parent, name));
}

}  // namespace commitfs::fs::ops
