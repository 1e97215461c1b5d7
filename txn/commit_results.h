#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <string>
#include <string_view>

#include "meta/base/mutex.h"
#include "txn/session_manager.h"

namespace commitfs {

/// How commits ended: the last error by name, for the newest 1,000 names that failed, and counts.
/// Thread-safe; its lock is a leaf.
class CommitResults {
 public:
  static constexpr std::size_t kMaxNames = 1000;

  /// `took`: from the request to the answer.
  void count(const CommitOutcome& outcome, std::chrono::nanoseconds took) EXCLUDES(mutex_);
  /// `error` 0 forgets the name.
  void remember(std::string_view name, int error) EXCLUDES(mutex_);
  int last_error(std::string_view name) const EXCLUDES(mutex_);
  CommitCounts counts() const EXCLUDES(mutex_);

 private:
  void count_duration(double seconds) REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::map<std::string, int, std::less<>> errors_ GUARDED_BY(mutex_);
  std::deque<std::string> names_ GUARDED_BY(mutex_);  ///< the keys of errors_, oldest first
  CommitCounts counts_ GUARDED_BY(mutex_);
};

}  // namespace commitfs
