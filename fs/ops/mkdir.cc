#include "fs/fixed_node.h"
#include "fs/mount_state.h"
#include "fs/ops.h"
#include "fs/root_rules.h"
#include "fs/writable.h"
#include "txn/tree_operations.h"

namespace commitfs::fs::ops {
namespace {

Result<Entry> make(const Request& request, NodeId parent, const char* name, mode_t mode) {
  Mount& mount = request.mount();
  const Caller caller = request.caller();
  if (parent == kSessionsNode) TRY(check_begin(request, name));
  const auto directory = TRY(mount.find(parent));
  if (directory->fixed != nullptr) return directory->fixed->make_directory(name, caller);
  Session* session = TRY(writable_directory(*directory, name));
  const auto made = TRY(tree::mkdir(*session, caller, directory->inode, name, mode));
  return make_entry(mount, directory->view, made, {parent, name});
}

}  // namespace

void mkdir(Request request, NodeId parent, const char* name, mode_t mode) {
  request.entry(make(request, parent, name, mode));
}

}  // namespace commitfs::fs::ops
