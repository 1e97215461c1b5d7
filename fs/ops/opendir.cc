#include "fs/mount_state.h"
#include "fs/ops.h"

namespace commitfs::fs::ops {

void opendir(Request request, NodeId id, fuse_file_info* info) {
  Mount& mount = request.mount();
  auto node = mount.find(id);
  if (!node) return request.error(node.error());
  const auto directory = std::make_shared<DirectoryHandle>(*std::move(node));
  info->fh = mount.directories.add(directory);
  info->cache_readdir = directory->may_be_cached() ? 1 : 0;
  info->keep_cache = directory->is_cached() ? 1 : 0;
  // The kernel answers from what it keeps, and tells us nothing of it.
  if (directory->is_cached()) directory->note_listing();
  const std::uint64_t handle = info->fh;
  if (!request.opened(*info)) mount.directories.remove(handle);
}

void releasedir(Request request, NodeId, fuse_file_info* info) {
  request.mount().directories.remove(info->fh);
  request.error(0);
}

}  // namespace commitfs::fs::ops
