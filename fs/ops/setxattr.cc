#include "fs/mount_state.h"
#include "fs/ops.h"
#include "fs/own_xattrs.h"
#include "fs/permission.h"
#include "fs/root_rules.h"
#include "fs/writable.h"
#include "txn/tree/acl.h"
#include "txn/tree_operations.h"

namespace commitfs::fs::ops {
namespace {

Result<Session*> session_for(const Node& node, std::string_view name) {
  if (is_foreign_xattr(name)) return fail(EOPNOTSUPP);
  if (is_nameless_xattr(name)) return fail(EINVAL);
  Session* session = TRY(writable_session(node));
  if (is_own_xattr(name)) return fail(EPERM, "an attribute that commitfs answers itself");
  return session;
}

Result<void> set(const Request& request, NodeId id, std::string_view name, std::string_view value,
                 int flags) {
  Mount& mount = request.mount();
  const auto node = TRY(mount.find(id));
  Session* session = TRY(session_for(*node, name));
  if (acl::is_name(name)) {
    TRY(check_attributes(*node, request.caller()));
    const struct stat file = TRY(describe(mount, *node)).stat;
    const bool keeps_setgid = acts_for_group(request, file.st_gid);
    return tree::set_acl(*session, node->inode, name, value, !keeps_setgid);
  }
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
  request.done(set(request, node, name, {value, size}, flags));
}

void removexattr(Request request, NodeId node, const char* name) {
  request.done(remove(request.mount(), node, name));
}

}  // namespace commitfs::fs::ops
