#include "txn/commit_results.h"

#include <algorithm>
#include <cerrno>

namespace commitfs {

void CommitResults::count(const CommitOutcome& outcome, std::chrono::nanoseconds took) {
  MutexLock lock(mutex_);
  if (outcome.error == 0) {
    ++(outcome.made_version ? counts_.committed : counts_.unchanged);
    if (outcome.made_version) count_duration(std::chrono::duration<double>(took).count());
    return;
  }
  ++(outcome.error == ECANCELED ? counts_.conflicts : counts_.refused);
  ++counts_.errors[outcome.error];
  if (outcome.error != ECANCELED || outcome.report == nullptr) return;
  for (const auto& [category, count] : outcome.report->counts)
    counts_.categories[category] += count;
}

void CommitResults::count_duration(double seconds) {
  const auto bucket = std::ranges::lower_bound(CommitCounts::kBounds_s, seconds);
  ++counts_.durations[static_cast<std::size_t>(bucket - CommitCounts::kBounds_s.begin())];
  counts_.durations_sum_s += seconds;
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
