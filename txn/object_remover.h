#pragma once

#include <deque>
#include <memory>
#include <thread>
#include <vector>

#include "meta/base/mutex.h"
#include "meta/object_store.h"
#include "meta/staging.h"

namespace commitfs {

/// Removes bodies in the background, so that giving up a session of any size takes no time, and the
/// journal need not wait. A session's bodies go only once staging has forgotten it for good: a
/// crash in between leaves bodies without a session, never a session without bodies. Failures are
/// logged; what stays behind belongs to nobody. Thread-safe.
class ObjectRemover {
 public:
  ObjectRemover(std::shared_ptr<ObjectStore> store, std::shared_ptr<Staging> staging);
  ~ObjectRemover();  ///< finishes what was queued

  /// `session` must be out of the journal.
  void enqueue(SessionId session, std::vector<ObjectId> objects) EXCLUDES(mutex_);
  /// Bodies that staging has forgotten for good already.
  void enqueue_forgotten(std::vector<ObjectId> objects) EXCLUDES(mutex_) {
    enqueue(SessionId::none, std::move(objects));
  }

 private:
  struct Work {
    SessionId session = SessionId::none;  ///< to be forgotten first; none: nothing is
    std::vector<ObjectId> objects;
  };

  void run() EXCLUDES(mutex_);
  /// All that is queued; nothing when there is nothing and the end has come.
  std::deque<Work> take() EXCLUDES(mutex_);
  void remove(const std::deque<Work>& work) const;
  Result<void> forget_sessions(const std::deque<Work>& work) const;

  const std::shared_ptr<ObjectStore> store_;
  const std::shared_ptr<Staging> staging_;
  Mutex mutex_;
  ConditionVariable changed_;
  std::deque<Work> queue_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace commitfs
