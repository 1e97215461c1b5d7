#include <span>

#include "fs/mount_state.h"
#include "fs/ops.h"
#include "fs/setuid.h"
#include "meta/base/posix.h"
#include "txn/tree_operations.h"

namespace commitfs::fs::ops {
namespace {

Result<void> write_body(const FileHandle& handle, std::span<const std::byte> bytes, off_t offset) {
  if (handle.body.fd < 0 || !handle.writer) return fail(EBADF, "write");
  TRY(posix::write_all_at(handle.body.fd, bytes, offset));
  tree::note_written(*handle.node->view->session, handle.node->inode);
  return {};
}

void answer(Request& request, const Result<void>& written, std::size_t size) {
  if (!written) return request.error(written.error());
  request.written(size);
}

/// A new value of a control file. One that moves the session's tree is answered when the kernel has
/// forgotten the old one.
void write_control(Request request, const std::shared_ptr<FileHandle>& handle, std::size_t offset,
                   const std::string& value) {
  Mount& mount = request.mount();
  const auto written = handle->control->write(offset, value);
  if (!written || !handle->control->file().moves_tree) {
    return answer(request, written, value.size());
  }
  mount.notifier.post([&mount, request = std::move(request), view = handle->node->view,
                       size = value.size()]() mutable {
    mount.refresh_session(view, kSessionsNode, view->session->name());
    request.written(size);
  });
}

}  // namespace

void write(Request request, NodeId, const char* bytes, std::size_t size, off_t offset,
           fuse_file_info* info) {
  Mount& mount = request.mount();
  const auto handle = mount.files.find(info->fh);
  if (handle == nullptr) return request.error(EBADF);
  if (handle->control == nullptr) {
    const auto written = write_body(*handle, std::as_bytes(std::span(bytes, size)), offset);
    if (written) clear_setuid(request, *handle->node);
    return answer(request, written, size);
  }
  std::string value(bytes, size);
  const auto at = static_cast<std::size_t>(offset);
  const ControlFile& file = handle->control->file();
  if (!file.slow) return write_control(std::move(request), handle, at, value);
  Executor& executor = file.asks_hooks ? mount.audits : mount.executor;
  executor.post([request = std::move(request), handle, at, value]() mutable {
    write_control(std::move(request), handle, at, value);
  });
}

}  // namespace commitfs::fs::ops
