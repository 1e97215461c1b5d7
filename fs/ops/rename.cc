#include "fs/fixed_node.h"
#include "fs/mount_state.h"
#include "fs/ops.h"
#include "fs/root_rules.h"
#include "fs/session_moves.h"
#include "fs/snapshot_moves.h"
#include "fs/writable.h"
#include "txn/tree_operations.h"

namespace commitfs::fs::ops {
namespace {

/// renameat2(2) within one session. EXDEV between sessions: mv copies then, as it should.
Result<void> rename_in_tree(const Caller& caller, const Node& parent, const char* name,
                            const Node& new_parent, const char* new_name, unsigned flags) {
  Session* session = TRY(writable_directory(parent, name));
  [[maybe_unused]] Session* same = TRY(writable_directory(new_parent, new_name));
  if (parent.view != new_parent.view) return fail(EXDEV, "rename");
  TRY(check_sticky(parent, name, caller));
  TRY(check_sticky(new_parent, new_name, caller));
  return tree::rename(*session, parent.inode, name, new_parent.inode, new_name, flags);
}

/// Waits for the catalog to be durable.
void rename_tag(Request request, const std::shared_ptr<Node>& tags, const std::string& name,
                const std::string& new_name, unsigned flags) {
  Mount& mount = request.mount();
  mount.executor.post([request = std::move(request), tags, name, new_name, flags]() mutable {
    request.done(tags->fixed->rename(name, new_name, flags));
  });
}

}  // namespace

void rename(Request request, NodeId parent_id, const char* name, NodeId new_parent_id,
            const char* new_name, unsigned flags) {
  Mount& mount = request.mount();
  const auto parent = mount.find(parent_id);
  if (!parent) return request.error(parent.error());
  const auto new_parent = mount.find(new_parent_id);
  if (!new_parent) return request.error(new_parent.error());
  if (parent_id == kSessionsNode) {
    return move_session(std::move(request), name, *new_parent, new_name, flags);
  }
  if (parent_id == kSnapshotsNode) {
    return move_snapshot(std::move(request), name, *new_parent, new_name, flags);
  }
  if (parent_id == kTagsNode && new_parent_id == kTagsNode) {
    return rename_tag(std::move(request), *parent, name, new_name, flags);
  }
  request.done(rename_in_tree(request.caller(), **parent, name, **new_parent, new_name, flags));
}

}  // namespace commitfs::fs::ops
