#include "fs/fixed_node.h"
#include "fs/mount_state.h"
#include "fs/ops.h"
#include "fs/root_rules.h"
#include "fs/writable.h"
#include "txn/tree_operations.h"

namespace commitfs::fs::ops {
namespace {

Result<void> remove(Mount& mount, const Caller& caller, NodeId parent, std::string_view name) {
  const auto directory = TRY(mount.find(parent));
  if (directory->fixed != nullptr) return directory->fixed->remove_file(name);
  Session* session = TRY(writable_directory(*directory, name));
  TRY(check_sticky(*directory, name, caller));
  return tree::unlink(*session, directory->inode, name);
}

}  // namespace

void unlink(Request request, NodeId parent, const char* name) {
  Mount& mount = request.mount();
  const Caller caller = request.caller();
  if (parent != kTagsNode) return request.done(remove(mount, caller, parent, name));
  mount.executor.post(
      [&mount, request = std::move(request), caller, parent, name = std::string(name)]() mutable {
        request.done(remove(mount, caller, parent, name));
      });
}

}  // namespace commitfs::fs::ops
