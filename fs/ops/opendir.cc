#include "fs/mount_state.h"
#include "fs/ops.h"

namespace commitfs::fs::ops {

void opendir(Request request, NodeId id, fuse_file_info* info) {
  Mount& mount = request.mount();
  auto node = mount.find(id);
  if (!node) return request.error(node.error());
  const bool immutable = (*node)->view->immutable();
  info->fh = mount.directories.add(std::make_shared<DirectoryHandle>(*std::move(node)));
  info->cache_readdir = immutable ? 1 : 0;
  info->keep_cache = immutable ? 1 : 0;
  const std::uint64_t handle = info->fh;
  if (!request.opened(*info)) mount.directories.remove(handle);
}

void releasedir(Request request, NodeId, fuse_file_info* info) {
  request.mount().directories.remove(info->fh);
  request.error(0);
}

}  // namespace commitfs::fs::ops
