#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

// Clang's thread-safety analysis (-Wthread-safety): every shared member names the lock that guards
// it.
#if defined(__clang__)
#define COMMITFS_TSA(x) __attribute__((x))
#else
#define COMMITFS_TSA(x)
#endif
#define CAPABILITY(name) COMMITFS_TSA(capability(name))
#define SCOPED_CAPABILITY COMMITFS_TSA(scoped_lockable)
#define GUARDED_BY(lock) COMMITFS_TSA(guarded_by(lock))
#define PT_GUARDED_BY(lock) COMMITFS_TSA(pt_guarded_by(lock))
#define REQUIRES(...) COMMITFS_TSA(requires_capability(__VA_ARGS__))
#define EXCLUDES(...) COMMITFS_TSA(locks_excluded(__VA_ARGS__))
#define ACQUIRE(...) COMMITFS_TSA(acquire_capability(__VA_ARGS__))
#define RELEASE(...) COMMITFS_TSA(release_capability(__VA_ARGS__))
#define NO_THREAD_SAFETY_ANALYSIS COMMITFS_TSA(no_thread_safety_analysis)

namespace commitfs {

/// std::mutex that the analysis understands.
///
/// Lock ranks, outermost first; a thread only ever takes a lock of a later rank than those it
/// holds:
///   1. txn::SessionManager   names and ids of sessions
///   2. txn::Session          one session's change set
///   3. fs tables             nodes, handles
///   4. txn::CommitPipeline   the queue of commits
///   5. meta                  connection pools, the memory catalog, counters
/// No lock is held across a reply to the kernel, a callback, or an fsync.
class CAPABILITY("mutex") Mutex {
 public:
  void lock() ACQUIRE() { mutex_.lock(); }
  void unlock() RELEASE() { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

class SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~MutexLock() RELEASE() { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

/// A condition variable for Mutex. Wait in a loop over the condition.
class ConditionVariable {
 public:
  void wait(Mutex& mutex) REQUIRES(mutex) { condition_.wait(mutex); }
  /// False when the deadline passed first.
  bool wait_until(Mutex& mutex, std::chrono::steady_clock::time_point deadline) REQUIRES(mutex) {
    return condition_.wait_until(mutex, deadline) == std::cv_status::no_timeout;
  }
  void notify_one() { condition_.notify_one(); }
  void notify_all() { condition_.notify_all(); }

 private:
  std::condition_variable_any condition_;
};

}  // namespace commitfs
