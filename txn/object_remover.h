#pragma once

#include <memory>
#include <thread>
#include <vector>

#include "meta/base/mutex.h"
#include "meta/object_store.h"

namespace commitfs {

/// Removes bodies in the background, so that the journal need not wait for the file system.
/// Failures are logged; what stays behind belongs to nobody. Thread-safe.
class ObjectRemover {
 public:
  explicit ObjectRemover(std::shared_ptr<ObjectStore> store);
  ~ObjectRemover();  ///< finishes what was queued

  /// Bodies that nothing names any more, also after a crash.
  void enqueue(std::vector<ObjectId> objects) EXCLUDES(mutex_);

 private:
  void run() EXCLUDES(mutex_);
  /// All that is queued; nothing when there is nothing and the end has come.
  std::vector<ObjectId> take() EXCLUDES(mutex_);
  void remove(const std::vector<ObjectId>& objects) const;

  const std::shared_ptr<ObjectStore> store_;
  Mutex mutex_;
  ConditionVariable changed_;
  std::vector<ObjectId> queue_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace commitfs
