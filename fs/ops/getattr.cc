#include "fs/mount_state.h"
#include "fs/ops.h"

namespace commitfs::fs::ops {

void getattr(Request request, NodeId id, fuse_file_info*) {
  const auto node = request.mount().find(id);
  if (!node) return request.error(node.error());
  request.attributes(describe(request.mount(), **node));
}

}  // namespace commitfs::fs::ops
