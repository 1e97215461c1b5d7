#include "fs/mount_state.h"
#include "fs/ops.h"
#include "fs/own_xattrs.h"
#include "txn/tree/acl.h"

namespace commitfs::fs::ops {
namespace {

/// The version that last changed a file stands for its bytes. What the kernel asks for by itself
/// (capabilities, labels, access control lists) is no read of a program's.
void note_attribute_read(const Node& node, std::string_view name) {
  if (is_own_xattr(name)) return note_read(node, ReadKind::file);
  if (!name.starts_with("security.") && !acl::is_name(name)) note_read(node, ReadKind::xattr, name);
}

Result<std::string> find_value(Mount& mount, NodeId id, std::string_view name) {
  if (is_foreign_xattr(name)) return fail(EOPNOTSUPP);
  if (is_nameless_xattr(name)) return fail(EINVAL);
  const auto node = TRY(mount.find(id));
  if (node->fixed != nullptr) return fail(ENODATA);
  note_attribute_read(*node, name);
  if (is_own_xattr(name)) return find_own_xattr(mount, *node, name);
  return node->view->tree->xattr(node->inode, name);
}

}  // namespace

void getxattr(Request request, NodeId node, const char* name, std::size_t room) {
  request.xattr(find_value(request.mount(), node, name), room);
}

}  // namespace commitfs::fs::ops
