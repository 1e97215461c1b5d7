#include "fs/mount_state.h"
#include "fs/ops.h"

namespace commitfs::fs::ops {
namespace {

/// Names of the trusted namespace are for those who may read it.
Result<std::string> list_names(const Request& request, NodeId id) {
  const auto node = TRY(request.mount().find(id));
  const bool trusts = request.caller().uid == 0;
  std::string all;
  if (node->fixed != nullptr) return all;
  for (const std::string& name : TRY(node->view->tree->xattr_names(node->inode))) {
    if (!trusts && name.starts_with("trusted.")) continue;
    all += name;
    all += '\0';
  }
  return all;
}

}  // namespace

void listxattr(Request request, NodeId node, std::size_t room) {
  request.xattr(list_names(request, node), room);
}

}  // namespace commitfs::fs::ops
