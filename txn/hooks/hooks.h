#pragma once

#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "meta/base/mutex.h"
#include "meta/types.h"
#include "txn/hooks/hook_process.h"

namespace commitfs::hooks {

/// Where a table's hooks are and whom they belong to.
struct HookPlaces {
  std::filesystem::path pre_commit;   ///< directory of hooks that may refuse a commit
  std::filesystem::path post_commit;  ///< directory of hooks that hear of versions
  std::filesystem::path table;        ///< its owner's are the hooks
};

/// The hooks of one table. Read anew for each commit, so that a hook is in force when it is there.
/// Thread-safe; blocks as long as hooks run.
class Hooks {
 public:
  static constexpr std::chrono::milliseconds kTimeout = std::chrono::seconds(60);

  explicit Hooks(HookPlaces places, std::chrono::milliseconds timeout = kTimeout)
      : places_(std::move(places)), timeout_(timeout) {}

  /// Where the tree of a session can be read, by its name; set while the table is mounted. Without
  /// it pre-commit hooks work in the table's own directory.
  using ViewLocator = std::function<std::filesystem::path(const std::string& session)>;
  void set_view_locator(ViewLocator locator) EXCLUDES(mutex_);

  /// Runs the pre-commit hooks in order, the first that fails ends it: what to tell the user, hook
  /// and output. Empty when all agree, or there are none. `commit` has neither number nor time yet.
  /// A hook that cannot be run, or is not the table owner's, refuses too.
  std::optional<std::string> refuse_commit(const VersionRecord& commit,
                                           std::span<const ChangeRecord> changes) const
      EXCLUDES(mutex_);

  /// True when there are hooks that hear of versions; a directory that cannot be read has some.
  bool any_post_commit() const;
  /// Runs the post-commit hooks of a version, all of them; what fails is logged.
  void announce(const VersionRecord& version, std::span<const ChangeRecord> changes) const;

 private:
  Result<std::vector<std::filesystem::path>> list(const std::filesystem::path& directory) const;
  std::filesystem::path view_of(const std::string& session) const EXCLUDES(mutex_);

  const HookPlaces places_;
  const std::chrono::milliseconds timeout_;
  mutable Mutex mutex_;
  ViewLocator locator_ GUARDED_BY(mutex_);
};

}  // namespace commitfs::hooks
