#include <unistd.h>

#include "fs/mount_state.h"
#include "fs/ops.h"

namespace commitfs::fs::ops {
namespace {

/// Where the next data or hole is; other seeks the kernel does itself.
Result<off_t> seek(const FileHandle& handle, off_t offset, int whence) {
  if (handle.control != nullptr) return fail(EINVAL);
  if (handle.body.fd < 0) return fail(ENXIO);
  // The descriptor's own position, which this moves, is used by nobody.
  const off_t found = ::lseek(handle.body.fd, offset, whence);
  if (found < 0) return fail_errno("lseek");
  return found;
}

}  // namespace

void lseek(Request request, NodeId, off_t offset, int whence, fuse_file_info* info) {
  const auto handle = request.mount().files.find(info->fh);
  if (handle == nullptr) return request.error(EBADF);
  const auto found = seek(*handle, offset, whence);
  if (!found) return request.error(found.error());
  request.position(*found);
}

}  // namespace commitfs::fs::ops
