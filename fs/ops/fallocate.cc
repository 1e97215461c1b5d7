#include <fcntl.h>

#include "fs/mount_state.h"
#include "fs/ops.h"
#include "fs/setuid.h"
#include "txn/tree_operations.h"

namespace commitfs::fs::ops {
namespace {

Result<void> allocate(const FileHandle& handle, int mode, off_t offset, off_t length) {
  if (handle.control != nullptr) return fail(EOPNOTSUPP);
  if (handle.body.fd < 0 || !handle.writer) return fail(EBADF, "fallocate");
  if (::fallocate(handle.body.fd, mode, offset, length) != 0) return fail_errno("fallocate");
  tree::note_written(*handle.node->view->session, handle.node->inode);
  return {};
}

}  // namespace

void fallocate(Request request, NodeId, int mode, off_t offset, off_t length,
               fuse_file_info* info) {
  const auto handle = request.mount().files.find(info->fh);
  if (handle == nullptr) return request.error(EBADF);
  Mount& mount = request.mount();
  mount.executor.post([request = std::move(request), handle, mode, offset, length]() mutable {
    const auto allocated = allocate(*handle, mode, offset, length);
    if (allocated) clear_setuid(request, *handle->node);
    request.done(allocated);
  });
}

}  // namespace commitfs::fs::ops
