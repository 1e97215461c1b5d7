#pragma once

#include <fuse_lowlevel.h>

#include <filesystem>
#include <memory>

#include "fs/mount.h"

namespace commitfs::fs {

class Mount;

/// That a directory can be mounted on. The context of an error is a sentence. ENOENT, ENOTDIR,
/// EBUSY (a mount of ours is there), ENOTCONN (a dead one is), EACCES.
Result<void> check_mount_point(const std::filesystem::path& mountpoint);

/// libfuse's session: connected to the kernel while it lives, unmounted at the end. Used by one
/// thread, but for what libfuse allows.
class FuseSession {
 public:
  static Result<FuseSession> mount(Mount& mount, const std::filesystem::path& mountpoint);
  FuseSession(FuseSession&& other) noexcept : session_(std::exchange(other.session_, nullptr)) {}
  FuseSession& operator=(FuseSession&&) = delete;
  ~FuseSession();

  fuse_session* get() const { return session_; }

 private:
  explicit FuseSession(fuse_session* session) : session_(session) {}
  fuse_session* session_;
};

}  // namespace commitfs::fs
