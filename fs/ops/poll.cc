#include <poll.h>

#include "fs/mount_state.h"
#include "fs/ops.h"

namespace commitfs::fs::ops {

/// Only of what tells versions as they come something has to be waited for.
void poll(Request request, NodeId, fuse_file_info* info, fuse_pollhandle* given) {
  PollHandle handle(given);
  Mount& mount = request.mount();
  const auto file = mount.files.find(info->fh);
  if (file == nullptr) return request.error(EBADF);
  if (file->events == nullptr) return request.polled(POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM);
  mount.events.poll(std::move(request), file->events, std::move(handle));
}

}  // namespace commitfs::fs::ops
