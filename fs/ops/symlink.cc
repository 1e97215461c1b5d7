#include "fs/fixed_node.h"
#include "fs/mount_state.h"
#include "fs/ops.h"
#include "fs/writable.h"
#include "txn/tree_operations.h"

namespace commitfs::fs::ops {
namespace {

Result<Entry> make(Mount& mount, const Caller& caller, std::string_view target, NodeId parent,
                   std::string_view name) {
  const auto directory = TRY(mount.find(parent));
  if (directory->fixed != nullptr) return directory->fixed->make_symlink(name, target, caller);
  Session* session = TRY(writable_directory(*directory, name));
  const auto made = TRY(tree::symlink(*session, caller, directory->inode, name, target));
  return make_entry(mount, directory->view, made, {parent, std::string(name)});
}

}  // namespace

void symlink(Request request, const char* target, NodeId parent, const char* name) {
  Mount& mount = request.mount();
  const Caller caller = request.caller();
  if (parent != kTagsNode) return request.entry(make(mount, caller, target, parent, name));
  mount.executor.post([&mount, request = std::move(request), caller, target = std::string(target),
                       parent, name = std::string(name)]() mutable {
    request.entry(make(mount, caller, target, parent, name));
  });
}

}  // namespace commitfs::fs::ops
