#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <vector>

#include "meta/base/mutex.h"
#include "txn/commit_job.h"

namespace commitfs {

/// Commits that come while one is under way are committed together after it, so that they share a
/// transaction and a sync. There is no thread for it: whoever finds nobody at work does it himself,
/// also for those who come meanwhile, and these need not wait. Source: leader and followers in a
/// queue of writers, as in LevelDB's DBImpl::Write and in group commit of DeWitt et al., SIGMOD
/// 1984. Thread-safe.
class CommitQueue {
 public:
  using Job = std::unique_ptr<CommitJob>;
  /// Called for one batch at a time, batches in the order their jobs came; throws nothing.
  using Commit = std::function<void(std::vector<Job>&)>;

  explicit CommitQueue(Commit commit) : commit_(std::move(commit)) {}

  /// Takes the job over; returns when it was committed, or at once if another thread does that.
  /// Leaves the job with the caller when there is no memory (std::bad_alloc). Fault point:
  /// commit.queued, when another thread has it.
  void push(Job&& job) EXCLUDES(mutex_);

 private:
  /// True when this thread commits from now on.
  bool add(Job&& job) EXCLUDES(mutex_);
  /// The next batch; when it is empty this thread commits no longer.
  std::vector<Job> take() EXCLUDES(mutex_);

  const Commit commit_;
  Mutex mutex_;
  std::vector<Job> queued_ GUARDED_BY(mutex_);
  bool committing_ GUARDED_BY(mutex_) = false;
};

}  // namespace commitfs
