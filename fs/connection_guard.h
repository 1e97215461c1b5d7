#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>

#include "meta/base/error.h"
#include "meta/base/unique_fd.h"

namespace commitfs::fs {

/// Ends the connection to the kernel when the daemon is killed.
///
/// A thread that drops a name waits, and no signal ends that wait, for the directory's lock;
/// whoever holds the lock waits for an answer of the daemon. A daemon killed in between can neither
/// answer nor end, for its descriptor of /dev/fuse, which would end the connection, stays open
/// until the waiting thread is gone. So a small process stands by that the kernel tells when the
/// thread that made it is no more, and aborts the connection: every request that still waits gets
/// ECONNABORTED. The mount stays, and answers ENOTCONN, as after any death.
///
/// Source: PR_SET_PDEATHSIG in prctl(2); fuse_reverse_inval_entry in Linux fs/fuse/dir.c.
class ConnectionGuard {
 public:
  /// From the thread that serves requests, once the mount is there. Not thread-safe.
  static Result<std::unique_ptr<ConnectionGuard>> start(const std::filesystem::path& mountpoint);
  /// The end is a regular one: nothing is aborted.
  ~ConnectionGuard();
  ConnectionGuard(const ConnectionGuard&) = delete;
  ConnectionGuard& operator=(const ConnectionGuard&) = delete;

 private:
  ConnectionGuard(pid_t process, UniqueFd stop) : process_(process), stop_(std::move(stop)) {}

  const pid_t process_;
  UniqueFd stop_;
};

}  // namespace commitfs::fs
