#include <fcntl.h>

#include "fs/mount_state.h"
#include "fs/ops.h"

namespace commitfs::fs::ops {

/// Asked only of control files and of bodies that are not passed through.
void read(Request request, NodeId, std::size_t size, off_t offset, fuse_file_info* info) {
  const auto handle = request.mount().files.find(info->fh);
  if (handle == nullptr) return request.error(EBADF);
  if (handle->events != nullptr) {
    const bool nonblocking = (info->flags & O_NONBLOCK) != 0;
    request.mount().events.read(std::move(request), handle->events, size, nonblocking);
  } else if (handle->control != nullptr) {
    const auto bytes = handle->control->read(static_cast<std::size_t>(offset), size);
    if (!bytes) return request.error(bytes.error());
    request.bytes(bytes->data(), bytes->size());
  } else if (handle->body.fd < 0) {
    request.bytes(nullptr, 0);
  } else {
    request.body_bytes(handle->body.fd, size, offset);
  }
}

}  // namespace commitfs::fs::ops
