#include "fs/kernel_caches.h"

#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

#include "meta/base/fault.h"

namespace commitfs::fs {
namespace {

void log_outcome(const char* what, NodeId node, int result) {
  spdlog::debug("{} {}: {}", what, raw(node), std::strerror(-result));
  if (result == 0 || result == -ENOENT || result == -ENODEV || result == -ENOTCONN) return;
  spdlog::warn("{} {} failed: {}", what, raw(node), std::strerror(-result));
}

}  // namespace

void FuseKernelCaches::attach(fuse_session* session, std::filesystem::path mountpoint) {
  mountpoint_ = std::move(mountpoint);
  session_ = session;
}

void FuseKernelCaches::drop_entry(NodeId parent, const std::string& name) {
  (void)fault::point("fs.drop_entry");
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

void FuseKernelCaches::drop_listing(NodeId directory) {
  fuse_session* session = session_;
  if (session == nullptr) return;
  // Listings are kept as a directory's pages.
  log_outcome("drop listing of", directory,
              fuse_lowlevel_notify_inval_inode(session, raw(directory), 0, 0));
}

bool FuseKernelCaches::look_up(const std::filesystem::path& path) {
  if (session_ == nullptr) return false;
  // A directory that moved cannot be found at its new place while a rename is under way.
  constexpr int kMaxTries = 50;
  constexpr auto kPause = std::chrono::milliseconds(2);
  struct stat found{};
  int result = ::lstat((mountpoint_ / path).c_str(), &found);
  for (int i = 1; i < kMaxTries && result != 0 && errno == ESTALE; ++i) {
    std::this_thread::sleep_for(kPause);
    result = ::lstat((mountpoint_ / path).c_str(), &found);
  }
  spdlog::debug("look up again: {}", result == 0 ? "there" : std::strerror(errno));
  return result == 0;
}

}  // namespace commitfs::fs
