#include <fcntl.h>

#include "fs/mount_state.h"
#include "fs/open_file.h"

namespace commitfs::fs {
namespace {

Result<void> check_access(const ControlNode& control, int flags) {
  if (!wants_to_write(flags)) return {};
  if (control.file().write == nullptr) return fail(EPERM, "a control file to read only");
  const Session* session = control.source().session.get();
  if (session != nullptr && session->state() != SessionState::open) {
    return fail(EROFS, "the session is not open");
  }
  return {};
}

void answer(Request request, const std::shared_ptr<Node>& node, fuse_file_info info) {
  Mount& mount = request.mount();
  const fuse_req_t raw = request.raw();
  auto handle = open_control(mount, node, request.caller(), info);
  if (!handle) return request.error(handle.error());
  info.fh = mount.files.add(*handle);
  const std::uint64_t id = info.fh;
  if (request.opened(info)) return;
  mount.files.remove(id);
  close_file(mount, raw, **handle);
}

}  // namespace

Result<std::shared_ptr<FileHandle>> open_control(Mount& mount, const std::shared_ptr<Node>& node,
                                                 const Caller& caller, fuse_file_info& info) {
  const auto* control = dynamic_cast<const ControlNode*>(node->fixed.get());
  if (control == nullptr) return fail(EPERM, "no file to open");
  TRY(check_access(*control, info.flags));
  auto handle = std::make_shared<FileHandle>();
  handle->node = node;
  ControlSource source = control->source();
  source.caller = caller;
  handle->control = std::make_unique<ControlContent>(control->file(), std::move(source),
                                                     (info.flags & O_APPEND) != 0);
  if ((info.flags & O_TRUNC) != 0) TRY(handle->control->truncate());
  if (control->file().tells_events) {
    handle->events = TRY(mount.events.open());
    info.nonseekable = 1;
  } else if ((info.flags & O_ACCMODE) != O_WRONLY) {
    TRY(handle->control->render());
  }
  if (!mount.nodes.take_handle(*node, true)) return fail(ESTALE, "a node that was forgotten");
  // The content has no size beforehand.
  info.direct_io = 1;
  info.noflush = handle->control->is_taken_at_close() ? 0 : 1;
  return handle;
}

void open_control_file(Request request, std::shared_ptr<Node> node, const fuse_file_info& info) {
  const auto* control = dynamic_cast<const ControlNode*>(node->fixed.get());
  const bool slow = control != nullptr && control->file().slow;
  if (!slow) return answer(std::move(request), node, info);
  Mount& mount = request.mount();
  mount.executor.post([request = std::move(request), node = std::move(node), info]() mutable {
    answer(std::move(request), node, info);
  });
}

}  // namespace commitfs::fs
