#pragma once

#include <memory>
#include <unordered_map>

#include "meta/base/mutex.h"

namespace commitfs::fs {

/// Open handles by the number the kernel knows them by; numbers are never used twice. Thread-safe.
template <typename Handle>
class HandleTable {
 public:
  std::uint64_t add(std::shared_ptr<Handle> handle) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    handles_.emplace(++last_id_, std::move(handle));
    return last_id_;
  }
  /// Null when there is none of that number.
  std::shared_ptr<Handle> find(std::uint64_t id) const EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    const auto found = handles_.find(id);
    return found == handles_.end() ? nullptr : found->second;
  }
  std::shared_ptr<Handle> remove(std::uint64_t id) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    auto entry = handles_.extract(id);
    return entry.empty() ? nullptr : std::move(entry.mapped());
  }
  std::size_t size() const EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    return handles_.size();
  }

 private:
  mutable Mutex mutex_;
  std::uint64_t last_id_ GUARDED_BY(mutex_) = 0;
  std::unordered_map<std::uint64_t, std::shared_ptr<Handle>> handles_ GUARDED_BY(mutex_);
};

}  // namespace commitfs::fs
