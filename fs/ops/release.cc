#include "fs/mount_state.h"
#include "fs/open_file.h"
#include "fs/ops.h"

namespace commitfs::fs::ops {

/// Nothing is held back until close(2).
void flush(Request request, NodeId, fuse_file_info*) {
  request.error(0);
}

void release(Request request, NodeId, fuse_file_info* info) {
  Mount& mount = request.mount();
  if (const auto handle = mount.files.remove(info->fh)) close_file(mount, request.raw(), *handle);
  request.error(0);
}

}  // namespace commitfs::fs::ops
