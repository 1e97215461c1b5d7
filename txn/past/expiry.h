#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include "meta/base/mutex.h"
#include "meta/base/unique_fd.h"
#include "txn/session_manager.h"

namespace commitfs::past {

/// Which versions are to be kept; of those that both let go, none is. The newest, tagged ones, and
/// those that somebody needs, always are.
struct Retention {
  std::optional<std::uint64_t> keep_last;        ///< so many of the newest
  std::optional<std::chrono::seconds> keep_for;  ///< so long after the next one became the head

  bool keeps_all() const { return !keep_last && !keep_for; }
};

/// The versions that `retention` lets go of at the time `now_ns`, oldest first, without those that
/// have a tag. Errors: those of the catalog.
Result<std::vector<SeqNo>> plan_expiry(CatalogReader& catalog, const Retention& retention,
                                       TimeNs now_ns);

struct ExpirySummary {
  std::vector<SeqNo> expired;
  std::vector<SeqNo> in_use;  ///< kept for an open session, a pin, or whoever reads there
  std::uint64_t rows = 0;
  std::uint64_t bodies = 0;
  std::uint64_t bytes = 0;
};

/// Whether versions may go that open sessions began at: what they can do then, txn/lost_base.h
/// says.
enum class Force : bool { no, yes };

/// Takes old versions out of a table, and then what only they had: rows of the past, and bodies. In
/// that order, each step durable before the next, so that a crash leaves garbage at most: rows the
/// next expiry prunes, bodies it or gc removes. Commits wait for a few thousand rows at most.
/// Thread-safe. Errors besides those named: EROFS once another mount has taken the table over;
/// those of the catalog.
class Expiry {
 public:
  /// `control_fd` is the table's control directory, for the pins of other processes; none where
  /// there can be no other.
  Expiry(TableContext context, SessionManager& sessions, UniqueFd control_fd = {});
  ~Expiry();  ///< ends after the step that is under way

  /// One version; what only it had goes in the background. ENOENT; EBUSY for the newest, for one
  /// that has a tag, and while a session, a reader or a pin (txn/past/version_pin.h) needs it. By
  /// force also the base of an open session, but not what a restore or a revert goes back to, nor
  /// what is read in snapshots/, nor what is pinned.
  Result<void> expire(SeqNo version, Force force = Force::no);
  /// All that `retention` lets go of, with all that only they had.
  Result<ExpirySummary> expire(const Retention& retention, Force force = Force::no);
  /// Removes what removed versions left.
  Result<ExpirySummary> collect();
  /// From here on what the table's configuration lets go of expires by itself.
  void start();

  /// Whether somebody reads in a version. Asked with no lock held, and once more is not: who begins
  /// to read a moment later finds the version gone.
  using UseProbe = std::function<bool(SeqNo version)>;
  /// Told of versions that are gone, before their bodies are.
  using Listener = std::function<void(const std::set<SeqNo>& versions)>;
  /// What is replaced is not called any more when they return.
  void set_use_probe(UseProbe probe) EXCLUDES(calls_mutex_);
  void set_listener(Listener listener) EXCLUDES(calls_mutex_);

 private:
  /// Those of `versions` that nothing needs, gone.
  Result<std::set<SeqNo>> remove(const std::vector<SeqNo>& versions, Force force,
                                 std::vector<SeqNo>& in_use);
  void note_lost_bases(const std::vector<SeqNo>& versions) const;
  Result<std::set<SeqNo>> remove_unpinned(const std::set<SeqNo>& pinned,
                                          const std::vector<SeqNo>& versions,
                                          std::vector<SeqNo>& in_use);
  Result<void> prune(ExpirySummary& summary);
  Result<void> remove_bodies(ExpirySummary& summary);
  /// Empty when nothing is left to collect.
  Result<std::string> pending();
  Result<void> settle(const std::string& pending);
  bool is_used(SeqNo version) EXCLUDES(calls_mutex_);
  void tell(const std::set<SeqNo>& versions) EXCLUDES(calls_mutex_);
  void run() EXCLUDES(mutex_);
  void keep_to_configuration();
  bool stopping() const EXCLUDES(mutex_);

  const TableContext context_;
  SessionManager& sessions_;
  const UniqueFd control_fd_;
  Mutex collect_mutex_;  ///< one collection at a time; outermost
  Mutex calls_mutex_;
  UseProbe probe_ GUARDED_BY(calls_mutex_);
  Listener listener_ GUARDED_BY(calls_mutex_);
  mutable Mutex mutex_;  ///< a leaf
  ConditionVariable changed_;
  bool awake_ GUARDED_BY(mutex_) = false;
  bool automatic_ GUARDED_BY(mutex_) = false;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace commitfs::past
