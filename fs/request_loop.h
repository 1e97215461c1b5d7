#pragma once

#include <fuse_lowlevel.h>
#include <pthread.h>

#include <atomic>
#include <vector>

#include "meta/base/mutex.h"

namespace commitfs::fs {

/// Reads requests and has them answered, until the file system is unmounted or `stop` is called.
/// Requests come in through the session's own descriptor on every thread: on few cores one thread
/// is fastest where data passes the daemon by, and some are needed where reads and writes wait for
/// the disk.
class RequestLoop {
 public:
  explicit RequestLoop(fuse_session* session) : session_(session) {}

  /// Answers the kernel's INIT, on the caller's thread. False when the connection ended before.
  bool initialize();
  /// Serves with the caller's thread and `threads - 1` more; returns when all have ended.
  void run(unsigned threads) EXCLUDES(mutex_);
  /// Makes `run` return, also one that is yet to come: wakes its threads until they have ended.
  /// From any other thread.
  void stop() EXCLUDES(mutex_);

 private:
  bool serve_one(fuse_buf& buffer);
  void serve();
  /// Interrupts read(2) of all threads. False when there are none.
  bool wake() EXCLUDES(mutex_);

  fuse_session* const session_;
  std::atomic<unsigned> running_ = 0;
  Mutex mutex_;
  std::vector<pthread_t> threads_ GUARDED_BY(mutex_);  ///< that may be in read(2)
};

/// The default for `MountOptions::threads`.
unsigned default_threads(bool passthrough);

}  // namespace commitfs::fs
