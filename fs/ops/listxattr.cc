#include "fs/mount_state.h"
#include "fs/ops.h"

namespace commitfs::fs::ops {
namespace {

Result<std::string> list_names(Mount& mount, NodeId id) {
  const auto node = TRY(mount.find(id));
  std::string all;
  if (node->fixed != nullptr) return all;
  for (const std::string& name : TRY(node->view->tree->xattr_names(node->inode))) {
    all += name;
    all += '\0';
  }
  return all;
}

}  // namespace

void listxattr(Request request, NodeId node, std::size_t room) {
  request.xattr(list_names(request.mount(), node), room);
}

}  // namespace commitfs::fs::ops
