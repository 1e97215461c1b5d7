#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "meta/base/mutex.h"
#include "meta/catalog.h"
#include "txn/session.h"

namespace commitfs {

/// What stands in `commit/`: for each name the newest version a session of that name made. Those of
/// this mount are the sessions themselves (the newest 1,000 by commit), so that handles and working
/// directories in them stay valid; older ones are snapshots. A receipt that was removed stays
/// removed, across mounts, until a newer version has its name. Its lock is a leaf: nothing else is
/// called while it is held. Thread-safe. Errors: those of the catalog.
class Receipts {
 public:
  static constexpr std::size_t kMaxKept = 1000;
  /// Listing looks at no more versions than this, however often the same few names were committed.
  static constexpr std::size_t kMaxScanned = 20'000;

  struct Receipt {
    std::shared_ptr<Tree> tree;
    SeqNo version = SeqNo::none;
    bool made_version = true;  ///< false: nothing had changed, `version` is the base
    std::string session_name;  ///< of the session while it was open, where it is known: else the
                               ///< receipt's name
  };

  explicit Receipts(std::shared_ptr<Catalog> catalog) : catalog_(std::move(catalog)) {}

  /// Keeps what a commit left; replaces an older receipt of that name.
  void add(const std::string& name, Receipt receipt) EXCLUDES(mutex_);
  Result<std::optional<Receipt>> find(std::string_view name) const EXCLUDES(mutex_);
  /// Newest first, each name once, without those for which `hidden` is true.
  Result<std::vector<std::string>> names(
      std::size_t limit, const std::function<bool(const std::string&)>& hidden) const
      EXCLUDES(mutex_);
  /// Durable when it returns. ENOENT.
  Result<void> remove(std::string_view name) EXCLUDES(mutex_);

  /// Those versions are gone.
  void forget(const std::set<SeqNo>& versions) EXCLUDES(mutex_);

 private:
  struct Kept {
    Receipt receipt;
    std::uint64_t order = 0;
  };
  std::optional<Receipt> find_kept(std::string_view name) const EXCLUDES(mutex_);
  /// Names of receipts that no version stands for, newest first.
  std::vector<std::string> kept_without_version() const EXCLUDES(mutex_);
  /// True when the receipt of `name` for `version` was removed.
  Result<bool> was_removed(std::string_view name, SeqNo version) const;

  const std::shared_ptr<Catalog> catalog_;
  mutable Mutex mutex_;
  std::uint64_t next_order_ GUARDED_BY(mutex_) = 0;
  std::map<std::string, Kept, std::less<>> kept_ GUARDED_BY(mutex_);
  std::map<std::uint64_t, std::string> by_order_ GUARDED_BY(mutex_);
};

}  // namespace commitfs
