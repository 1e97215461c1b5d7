#pragma once

#include "meta/base/mutex.h"

namespace commitfs::fs {

/// Counts commits whose rename is not answered yet, so that an unmount can wait for them.
/// Thread-safe.
class InFlight {
 public:
  /// False once `close` was called: nothing new is begun.
  bool begin() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    if (closed_) return false;
    ++count_;
    return true;
  }
  void end() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    if (--count_ == 0) changed_.notify_all();
  }
  /// Returns when what was begun has ended.
  void close_and_wait() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    closed_ = true;
    while (count_ > 0)
      changed_.wait(mutex_);
  }

 private:
  Mutex mutex_;
  ConditionVariable changed_;
  std::size_t count_ GUARDED_BY(mutex_) = 0;
  bool closed_ GUARDED_BY(mutex_) = false;
};

}  // namespace commitfs::fs
