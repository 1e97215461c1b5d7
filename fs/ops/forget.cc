#include <span>

#include "fs/mount_state.h"
#include "fs/ops.h"

namespace commitfs::fs::ops {

void forget(Request request, NodeId node, std::uint64_t count) {
  request.mount().forget(node, count);
  request.none();
}

void forget_multi(Request request, std::size_t count, fuse_forget_data* forgets) {
  for (const fuse_forget_data& one : std::span(forgets, count)) {
    request.mount().forget(NodeId{one.ino}, one.nlookup);
  }
  request.none();
}

}  // namespace commitfs::fs::ops
