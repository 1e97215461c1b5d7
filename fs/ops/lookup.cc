#include "fs/mount_state.h"
#include "fs/ops.h"

namespace commitfs::fs::ops {

void lookup(Request request, NodeId parent, const char* name) {
  const auto node = request.mount().find(parent);
  if (!node) return request.error(node.error());
  request.entry(find_entry(request.mount(), **node, name));
}

}  // namespace commitfs::fs::ops
