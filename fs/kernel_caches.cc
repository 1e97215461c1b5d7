#include "fs/kernel_caches.h"

#include <spdlog/spdlog.h>

#include <cerrno>
#include <cstring>

namespace commitfs::fs {
namespace {

void log_outcome(const char* what, NodeId node, int result) {
  spdlog::debug("{} {}: {}", what, raw(node), std::strerror(-result));
  if (result == 0 || result == -ENOENT || result == -ENODEV || result == -ENOTCONN) return;
  spdlog::warn("{} {} failed: {}", what, raw(node), std::strerror(-result));
}

}  // namespace

void FuseKernelCaches::drop_entry(NodeId parent, const std::string& name) {
  fuse_session* session = session_;
  if (session == nullptr) return;
  log_outcome("drop entry in", parent,
              fuse_lowlevel_notify_inval_entry(session, raw(parent), name.data(), name.size()));
}

void FuseKernelCaches::drop_attributes(NodeId node) {
  fuse_session* session = session_;
  if (session == nullptr) return;
  // A negative offset leaves the pages alone.
  log_outcome("drop attributes of", node,
              fuse_lowlevel_notify_inval_inode(session, raw(node), -1, 0));
}

}  // namespace commitfs::fs
