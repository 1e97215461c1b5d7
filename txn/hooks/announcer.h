#pragma once

#include <memory>
#include <thread>

#include "meta/base/mutex.h"
#include "txn/fence.h"
#include "txn/hooks/hooks.h"

namespace commitfs::hooks {

/// Tells post-commit hooks of every version, in order, each at least once: how far they got is kept
/// in the catalog (`config`, key kProgressKey), so that a crash or an unmount in between is made up
/// for at the next mount. Versions from before the first hook was there are not told. One thread;
/// a commit never waits for it. Costs nothing where there are no hooks.
class Announcer {
 public:
  static constexpr const char* kProgressKey = "hooks.post_commit.seq_no";

  /// `fence` may be null. Goes on where the last mount ended.
  Announcer(std::shared_ptr<Catalog> catalog, std::shared_ptr<const Hooks> hooks,
            std::shared_ptr<Fence> fence);
  ~Announcer();  ///< ends after the hook that is running

  /// There may be a new version.
  void wake() EXCLUDES(mutex_);

 private:
  void run();
  bool stopping() EXCLUDES(mutex_);
  bool wait() EXCLUDES(mutex_);
  Result<void> catch_up();
  Result<std::optional<SeqNo>> progress() const;
  Result<void> put_progress(std::optional<SeqNo> seq_no) const;
  Result<void> skip();

  const std::shared_ptr<Catalog> catalog_;
  const std::shared_ptr<const Hooks> hooks_;
  const std::shared_ptr<Fence> fence_;
  SeqNo unheard_ = SeqNo::none;  ///< the newest version made while there was no hook
  Mutex mutex_;
  ConditionVariable changed_;
  bool awake_ GUARDED_BY(mutex_) = true;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace commitfs::hooks
