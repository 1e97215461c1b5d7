#include "fs/mount_state.h"
#include "fs/ops.h"
#include "fs/own_xattrs.h"
#include "fs/writable.h"
#include "txn/tree_operations.h"

namespace commitfs::fs::ops {
namespace {

Result<Session*> session_for(const Node& node, std::string_view name) {
  if (is_foreign_xattr(name)) return fail(EOPNOTSUPP);
  Session* session = TRY(writable_session(node));
  if (is_own_xattr(name)) return fail(EPERM, "an attribute that commitfs answers itself");
  return session;
}

Result<void> set(Mount& mount, NodeId id, std::string_view name, std::string_view value,
                 int flags) {
  const auto node = TRY(mount.find(id));
  Session* session = TRY(session_for(*node, name));
  return tree::setxattr(*session, node->inode, name, value, flags);
}

Result<void> remove(Mount& mount, NodeId id, std::string_view name) {
  const auto node = TRY(mount.find(id));
  Session* session = TRY(session_for(*node, name));
  return tree::removexattr(*session, node->inode, name);
}

}  // namespace

void setxattr(Request request, NodeId node, const char* name, const char* value, std::size_t size,
              int flags) {
  request.done(set(request.mount(), node, name, {value, size}, flags));
}

void removexattr(Request request, NodeId node, const char* name) {
  request.done(remove(request.mount(), node, name));
}

}  // namespace commitfs::fs::ops
