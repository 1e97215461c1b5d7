#include "txn/commit_results.h"

#include <algorithm>
#include <cerrno>

namespace commitfs {

void CommitResults::count(const CommitOutcome& outcome) {
  MutexLock lock(mutex_);
  if (outcome.error == ECANCELED) {
    ++counts_.conflicts;
  } else if (outcome.error != 0) {
    ++counts_.refused;
  } else {
    ++(outcome.made_version ? counts_.committed : counts_.unchanged);
  }
}

void CommitResults::remember(std::string_view name, int error) {
  MutexLock lock(mutex_);
  if (const auto known = errors_.find(name); known != errors_.end()) {
    errors_.erase(known);
    names_.erase(std::ranges::find(names_, name));
  }
  if (error == 0) return;
  errors_.emplace(name, error);
  names_.emplace_back(name);
  if (names_.size() <= kMaxNames) return;
  errors_.erase(names_.front());
  names_.pop_front();
}

int CommitResults::last_error(std::string_view name) const {
  MutexLock lock(mutex_);
  const auto found = errors_.find(name);
  return found == errors_.end() ? 0 : found->second;
}

CommitCounts CommitResults::counts() const {
  MutexLock lock(mutex_);
  return counts_;
}

}  // namespace commitfs
