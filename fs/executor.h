#pragma once

#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "meta/base/mutex.h"

namespace commitfs::fs {

/// A few threads for work the request loop must not wait for. Tasks start in the order in which
/// they came. Thread-safe.
class Executor {
 public:
  using Task = std::move_only_function<void()>;

  explicit Executor(unsigned threads);
  ~Executor();  ///< runs what is queued, then stops

  void post(Task task) EXCLUDES(mutex_);
  /// Runs what is queued and stops; what is posted later runs on the caller's thread.
  void finish() EXCLUDES(mutex_);

 private:
  void run() EXCLUDES(mutex_);

  Mutex mutex_;
  ConditionVariable changed_;
  std::deque<Task> tasks_ GUARDED_BY(mutex_);
  bool finished_ GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace commitfs::fs
