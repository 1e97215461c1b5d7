#include "fs/mount_state.h"
#include "fs/open_file.h"
#include "fs/ops.h"

namespace commitfs::fs::ops {

/// Nothing is held back until close(2), but for the values of some control files.
void flush(Request request, NodeId, fuse_file_info* info) {
  Mount& mount = request.mount();
  auto handle = mount.files.find(info->fh);
  const bool closes =
      handle != nullptr && handle->control != nullptr && handle->control->is_taken_at_close();
  if (!closes) return request.error(0);
  mount.executor.post([request = std::move(request), handle = std::move(handle)]() mutable {
    request.done(handle->control->close());
  });
}

void release(Request request, NodeId, fuse_file_info* info) {
  Mount& mount = request.mount();
  if (const auto handle = mount.files.remove(info->fh)) close_file(mount, request.raw(), *handle);
  request.error(0);
}

}  // namespace commitfs::fs::ops
