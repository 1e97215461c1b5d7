#include "fs/setuid.h"

#include <fuse_lowlevel.h>
#include <spdlog/spdlog.h>

#include "fs/mount_state.h"

namespace commitfs::fs {

mode_t without_setuid(mode_t mode) {
  mode_t cleared = mode & ~static_cast<mode_t>(S_ISUID);
  if ((mode & S_IXGRP) != 0) cleared &= ~static_cast<mode_t>(S_ISGID);
  return cleared;
}

void clear_setuid_at_open(Mount& mount, const Node& node, uid_t uid) {
  if (!mount.clears_setuid || uid == 0 || node.view->session == nullptr) return;
  const auto now = node.view->tree->attributes(node.inode);
  if (!now || without_setuid(now->inode.mode) == now->inode.mode) return;
  tree::SetAttributes changes;
  changes.mode = without_setuid(now->inode.mode) & 07777;
  const auto cleared = tree::setattr(*node.view->session, node.inode, changes);
  if (!cleared) spdlog::debug("clear setuid of {}: {}", raw(node.id), cleared.error().describe());
  mount.notifier.post([&mount, id = node.id] { mount.kernel.drop_attributes(id); });
}

Result<void> clear_setuid_with(const Node& node, int to_set, tree::SetAttributes& changes) {
  const bool owner = changes.uid || changes.gid;
  const bool unprivileged_size = changes.size_bytes && (to_set & FUSE_SET_ATTR_KILL_SUID) != 0;
  if (changes.mode || (!owner && !unprivileged_size)) return {};
  const Attributes now = TRY(node.view->tree->attributes(node.inode));
  if (now.inode.is_directory() || without_setuid(now.inode.mode) == now.inode.mode) return {};
  changes.mode = without_setuid(now.inode.mode) & 07777;
  return {};
}

}  // namespace commitfs::fs
