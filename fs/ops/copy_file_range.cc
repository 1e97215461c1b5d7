#include <unistd.h>

#include <algorithm>

#include "fs/mount_state.h"
#include "fs/ops.h"
#include "fs/setuid.h"
#include "txn/tree_operations.h"

namespace commitfs::fs::ops {
namespace {

/// What one answer can say.
constexpr std::size_t kMaxBytes = std::size_t{2} << 30;

struct Range {
  std::shared_ptr<FileHandle> handle;
  off_t offset = 0;
};

/// From body to body: the file system below shares the blocks where it can.
Result<std::size_t> copy(const Range& from, const Range& to, std::size_t size) {
  const bool in_trees = from.handle->control == nullptr && to.handle->control == nullptr;
  if (!in_trees) return fail(EOPNOTSUPP, "copy_file_range of a control file");
  if (!to.handle->writer) return fail(EBADF, "copy_file_range");
  if (from.handle->body.fd < 0) return 0;
  off_t from_offset = from.offset;
  off_t to_offset = to.offset;
  const ssize_t count = ::copy_file_range(from.handle->body.fd, &from_offset, to.handle->body.fd,
                                          &to_offset, size, 0);
  if (count < 0) return fail_errno("copy_file_range");
  if (count > 0) tree::note_written(*to.handle->node->view->session, to.handle->node->inode);
  return static_cast<std::size_t>(count);
}

}  // namespace

void copy_file_range(Request request, NodeId, off_t from_offset, fuse_file_info* from_info, NodeId,
                     off_t to_offset, fuse_file_info* to_info, std::size_t size, int flags) {
  if (flags != 0) return request.error(EINVAL);
  Mount& mount = request.mount();
  const Range from{mount.files.find(from_info->fh), from_offset};
  const Range to{mount.files.find(to_info->fh), to_offset};
  if (from.handle == nullptr || to.handle == nullptr) return request.error(EBADF);
  mount.executor.post(
      [request = std::move(request), from, to, size = std::min(size, kMaxBytes)]() mutable {
        const auto copied = copy(from, to, size);
        if (!copied) return request.error(copied.error());
        clear_setuid(request, *to.handle->node);
        request.written(*copied);
      });
}

}  // namespace commitfs::fs::ops
