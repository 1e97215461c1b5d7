#include "txn/reserved_staging.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "meta/base/mutex.h"

namespace commitfs {
namespace {

constexpr std::chrono::seconds kFillInterval{1};

class ReservedStaging final : public Staging {
 public:
  ReservedStaging(std::unique_ptr<Staging> staging, SpaceReserve reserve)
      : staging_(std::move(staging)), reserve_(std::move(reserve)) {}

  Result<void> write(const std::vector<StagingBatch>& batches, Durability durability) override {
    auto written = staging_->write(batches, durability);
    if (written) {
      fill();
      return written;
    }
    if (!means_no_space(written.error().code) || !gives_back(batches, durability)) return written;
    while (!written && means_no_space(written.error().code) && release_some())
      written = staging_->write(batches, durability);
    spdlog::warn("the disk is full: {} sessions are forgotten in the space set aside: {}",
                 batches.size(), written ? "done" : written.error().describe());
    return written;
  }

  Result<std::vector<StagedState>> load() override { return staging_->load(); }

 private:
  /// A lazy write does not, for nothing is removed before it is durable.
  static bool gives_back(const std::vector<StagingBatch>& batches, Durability durability) {
    return durability == Durability::now && !batches.empty() &&
           std::ranges::all_of(batches, [](const StagingBatch& batch) { return batch.drop; });
  }

  bool release_some() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    is_full_ = false;
    // What is freed by the removals that follow is not there yet.
    next_fill_ = std::chrono::steady_clock::now() + kFillInterval;
    return reserve_.release_some();
  }

  void fill() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    const auto now = std::chrono::steady_clock::now();
    if (is_full_ || now < next_fill_) return;
    is_full_ = reserve_.fill();
    next_fill_ = now + kFillInterval;
  }

  const std::unique_ptr<Staging> staging_;
  Mutex mutex_;
  SpaceReserve reserve_ GUARDED_BY(mutex_);
  bool is_full_ GUARDED_BY(mutex_) = false;
  std::chrono::steady_clock::time_point next_fill_ GUARDED_BY(mutex_);
};

}  // namespace

bool means_no_space(int error) {
  return error == ENOSPC || error == EDQUOT;
}

std::unique_ptr<Staging> make_reserved_staging(std::unique_ptr<Staging> staging,
                                               SpaceReserve reserve) {
  return std::make_unique<ReservedStaging>(std::move(staging), std::move(reserve));
}

}  // namespace commitfs
