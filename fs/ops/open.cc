#include "fs/mount_state.h"
#include "fs/open_file.h"
#include "fs/ops.h"

namespace commitfs::fs::ops {

void open(Request request, NodeId id, fuse_file_info* info) {
  auto node = request.mount().find(id);
  if (!node) return request.error(node.error());
  if ((*node)->fixed != nullptr) {
    return open_control_file(std::move(request), *std::move(node), *info);
  }
  open_tree_file(std::move(request), *std::move(node), *info);
}

}  // namespace commitfs::fs::ops
