#include "fs/setuid.h"

#include <spdlog/spdlog.h>

#include "fs/mount_state.h"
#include "fs/permission.h"

namespace commitfs::fs {
namespace {

/// `mode` without set-user-ID, and without set-group-ID if it is meant for execution or the caller
/// is not in the group.
mode_t without_setuid(mode_t mode, bool in_group) {
  mode_t left = mode & ~mode_t{S_ISUID};
  if ((mode & S_IXGRP) != 0 || !in_group) left &= ~mode_t{S_ISGID};
  return left;
}

void put_mode(Mount& mount, const Node& node, mode_t mode) {
  tree::SetAttributes changes;
  changes.mode = mode & 07777;
  const auto cleared = tree::setattr(*node.view->session, node.inode, changes);
  // A session that takes no changes any more: nothing was written to it either.
  if (!cleared) spdlog::debug("clear setuid of {}: {}", raw(node.id), cleared.error().describe());
  mount.notifier.post([&mount, id = node.id] { mount.kernel.drop_attributes(id); });
}

/// Since it was given the bits while it was open.
bool was_written(const Node& node) {
  const TimeNs then_ns = node.setuid_body_ctime_ns;
  if (then_ns == 0) return false;
  const auto body = node.body.stat();
  return body && to_ns(body->st_ctim) != then_ns;
}

}  // namespace

bool has_setuid(mode_t mode) {
  return S_ISREG(mode) && (mode & (S_ISUID | S_ISGID)) != 0;
}

void clear_setuid(const Request& request, Node& node) {
  if (!node.may_be_setuid.load(std::memory_order_relaxed) || request.caller().uid == 0) return;
  const auto now = node.view->tree->attributes(node.inode);
  if (!now || !has_setuid(now->inode.mode)) return;
  const mode_t left = without_setuid(now->inode.mode, acts_for_group(request, now->inode.gid));
  if (left != now->inode.mode) put_mode(request.mount(), node, left);
}

void clear_setuid_at_close(Mount& mount, const FileHandle& handle) {
  Node& node = *handle.node;
  if (!handle.writer || !node.may_be_setuid.load(std::memory_order_relaxed)) return;
  if (!mount.clears_setuid || handle.uid == 0 || !was_written(node)) return;
  const auto now = node.view->tree->attributes(node.inode);
  if (!now || !has_setuid(now->inode.mode)) return;
  const mode_t left = without_setuid(now->inode.mode, true);
  if (left != now->inode.mode) put_mode(mount, node, left);
}

Result<void> clear_setuid_with(const Request& request, Node& node, int to_set,
                               tree::SetAttributes& changes) {
  if (changes.mode) {
    if (has_setuid(S_IFREG | *changes.mode)) node.may_be_setuid = true;
    return {};
  }
  // chown(2) to the owner and the group that the file has, said by -1, comes without either.
  const bool new_owner = changes.uid || changes.gid || (to_set & ~FUSE_SET_ATTR_CTIME) == 0;
  const bool unprivileged_size = changes.size_bytes && (to_set & FUSE_SET_ATTR_KILL_SUID) != 0;
  // Setting the times hides the write.
  const bool times_after_write = node.may_be_setuid && (changes.mtime_ns || changes.atime_ns) &&
                                 request.caller().uid != 0 && was_written(node);
  if (!request.mount().clears_setuid) return {};
  if (!new_owner && !unprivileged_size && !times_after_write) return {};
  const Attributes now = TRY(node.view->tree->attributes(node.inode));
  // A new owner takes the bits from whatever is not a directory; the rest concerns bytes.
  if (new_owner ? S_ISDIR(now.inode.mode) : !has_setuid(now.inode.mode)) return {};
  const mode_t left = without_setuid(now.inode.mode, acts_for_group(request, now.inode.gid));
  if (left != now.inode.mode) changes.mode = left & 07777;
  return {};
}

void note_setuid_body(Node& node) {
  if (!node.may_be_setuid.load(std::memory_order_relaxed)) return;
  const auto body = node.body.stat();
  node.setuid_body_ctime_ns = body ? to_ns(body->st_ctim) : 0;
}

}  // namespace commitfs::fs
