#pragma once

#include <fuse_lowlevel.h>

#include <atomic>

#include "fs/mount.h"

namespace commitfs::fs {

/// The kernel's short way to the bytes of an open file, past the daemon (Linux 6.9, libfuse 3.17,
/// CAP_SYS_ADMIN). Where it is refused everything works by ordinary reads and writes. Thread-safe.
class Passthrough {
 public:
  explicit Passthrough(PassthroughMode mode) : wanted_(mode == PassthroughMode::automatic) {}

  /// Asks for the capability while the connection is set up. `store_fd` tells the file system the
  /// bodies are on.
  void negotiate(fuse_conn_info& connection, int store_fd);
  bool active() const { return active_.load(std::memory_order_relaxed); }

  /// Registers an open body with the kernel; 0 when that is not to be had. A refusal that will
  /// stand is logged once, and nothing is asked for again.
  int open(fuse_req_t request, int body_fd);
  void close(fuse_req_t request, int backing_id);

 private:
  const bool wanted_;
  std::atomic<bool> active_ = false;
};

}  // namespace commitfs::fs
