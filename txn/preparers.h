#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "meta/base/mutex.h"
#include "txn/commit_job.h"

namespace commitfs {

/// The threads that prepare commits. A preparation may wait long: for handles to be released, for
/// the disk, for a hook. So that it delays no other, a job that finds no idle thread gets a new
/// one, up to `max_threads`; only then do jobs wait for each other. Threads stay once they are
/// made: an idle one costs a stack nobody touches. Thread-safe.
class Preparers {
 public:
  using Job = std::unique_ptr<CommitJob>;

  /// `prepare` is called for each job, on any of the threads; it throws nothing.
  Preparers(std::size_t max_threads, std::function<void(Job)> prepare);
  ~Preparers();  ///< prepares what is queued, then stops

  /// Leaves the job with the caller when there is no memory (std::bad_alloc).
  void push(Job&& job) EXCLUDES(mutex_);
  std::size_t thread_count() const EXCLUDES(mutex_);

 private:
  void add_thread() REQUIRES(mutex_);
  void run() EXCLUDES(mutex_);

  const std::size_t max_threads_;
  const std::function<void(Job)> prepare_;
  mutable Mutex mutex_;
  ConditionVariable changed_;
  std::deque<Job> jobs_ GUARDED_BY(mutex_);
  std::size_t idle_ GUARDED_BY(mutex_) = 0;  ///< threads that wait for a job
  bool closed_ GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_ GUARDED_BY(mutex_);
};

}  // namespace commitfs
