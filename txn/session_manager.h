#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "txn/commit.h"
#include "txn/journal.h"
#include "txn/session.h"

namespace commitfs {

/// How the commits of this mount ended, for metrics.
struct CommitCounts {
  std::uint64_t committed = 0;                           ///< made a version
  std::uint64_t unchanged = 0;                           ///< succeeded and had nothing to write
  std::uint64_t conflicts = 0;                           ///< ECANCELED
  std::uint64_t refused = 0;                             ///< any other error
  std::map<ConflictCategory, std::uint64_t> categories;  ///< of all conflicts reported by commits
  std::map<int, std::uint64_t> errors;                   ///< by errno, conflicts among them

  /// Upper bounds in seconds of how long commits that made a version took, from the request to
  /// the answer; one bucket more for what took longer.
  static constexpr std::array kBounds_s = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                           0.25,  0.5,    1.0,   2.5,  5.0,   10.0};
  std::array<std::uint64_t, kBounds_s.size() + 1> durations{};
  double durations_sum_s = 0;
};

/// What became of sessions that nobody used, in this mount.
struct LeaseCounts {
  std::uint64_t expired = 0;
  std::uint64_t reaped = 0;
};

/// Names to sessions and receipts. Thread-safe; no lock is held while a session, the journal, the
/// catalog or a callback is called. Errors besides those named: EIO, EAGAIN, ENOSPC of catalog and
/// store.
class SessionManager {
 public:
  SessionManager(TableContext context, Term term, std::shared_ptr<Staging> staging,
                 CommitOptions options);
  /// Finishes the commits that were submitted, then writes the journal. Sessions stay readable for
  /// who holds them.
  ~SessionManager();

  /// Opens again every session found in staging that was not committed, under its name, and answers
  /// how many. One whose name another has taken (a discard that power loss undid) becomes NAME.ID.
  /// One whose base was expired by force can be read as far as its base is left (txn/lost_base.h).
  /// One whose base is none of the catalog's, or whose settings are damaged, stays in staging,
  /// closed: nothing of it is removed. Called once, before serving.
  Result<std::size_t> recover();

  /// `mkdir sessions/NAME` or `NAME@VERSION`: the part after the last '@' names the base (see
  /// resolve_version); the session keeps the whole name. A receipt of that name is hidden while the
  /// session is open. EEXIST, ENOENT (no such version), EINVAL (name reserved: .commitfs).
  Result<std::shared_ptr<Session>> begin(std::string_view name, const Caller& caller);
  /// Begins session NAME at the head with what makes it equal to `version` (txn/past/restore.h). A
  /// session of that name that a refused restore left goes first. EBUSY while any other session has
  /// the name, EACCES for another user's; ENOENT (no such version), EINVAL.
  Result<std::shared_ptr<Session>> begin_restore(std::string_view name, SeqNo version,
                                                 const Caller& caller);
  std::shared_ptr<Session> find(
      std::string_view name) const;  ///< open or freezing; null when there is none
  std::vector<std::shared_ptr<Session>> list() const;  ///< by name
  /// `mv sessions/a sessions/b`. ENOENT, EEXIST, EINVAL (reserved), EROFS while a commit is under
  /// way.
  Result<void> rename(std::string_view from, std::string_view to);

  /// `mv sessions/NAME commit/RECEIPT`. See CommitPipeline::submit. The callback runs once, after
  /// all bookkeeping: then the session is a receipt. Asked again for a session that was committed
  /// as RECEIPT, it answers success and that version. Answers at once, on the caller's thread:
  /// ENOENT, EACCES for another user's (root may), EPERM for a reserved name.
  void commit(std::string_view name, std::string_view receipt, const Caller& caller,
              CommitPipeline::Callback callback);
  /// The same for a session that the caller has hold of, whatever has its name by now. ENOENT when
  /// it was discarded.
  void commit(const std::shared_ptr<Session>& session, std::string_view receipt,
              const Caller& caller, CommitPipeline::Callback callback);
  /// EACCES for another user's (root may), ENOENT, EBUSY while a commit is under way. Its bodies
  /// are removed in the background, whatever their number.
  Result<void> discard(std::string_view name, const Caller& caller);
  /// rmdir of a session that changed nothing; ENOTEMPTY otherwise. Else as discard.
  Result<void> remove(std::string_view name, const Caller& caller);

  /// The read-only view `commit/NAME`; null when there is none. The Session itself for the newest
  /// 1,000 of this mount.
  Result<std::shared_ptr<Tree>> receipt(std::string_view name);
  /// Newest first. Of a table whose newest 20,000 versions have few names, older names may be
  /// missing.
  Result<std::vector<std::string>> receipt_names(std::size_t limit = 1000);
  /// `rmdir commit/NAME`; lasts across mounts. ENOENT. Durable when it returns.
  Result<void> remove_receipt(std::string_view name);
  /// What may not be removed.
  struct PinnedVersions {
    std::set<SeqNo> bases;  ///< that open sessions began at
    /// What they need even without their bases: what a restore or a revert goes back to, and the
    /// version of one whose commit is not known to have landed, which alone says that it did.
    std::set<SeqNo> needed;
  };
  /// Calls `change` with the versions that open sessions cannot do without; none begins meanwhile.
  using WithPinned = std::function<Result<void>(const PinnedVersions& pinned)>;
  Result<void> with_pinned_versions(const WithPinned& change);
  /// Those versions are gone: so are the receipts for them.
  void forget_receipts(const std::set<SeqNo>& versions);
  /// The errno of the last commit of that name that failed; 0 when there is none. The newest 1,000
  /// names are remembered.
  int last_commit_error(std::string_view name) const;
  CommitCounts commit_counts() const;

  /// One look at the leases, as of now. A session that nobody used (txn/lease.h) for the table's
  /// `session_ttl` expires: it can be read and discarded, and that is all. It is removed, as by a
  /// discard, when nobody has used it for that long once more: the guard for who comes back to take
  /// a copy of their work. After a mount both times start anew, for nobody could use it meanwhile.
  /// Never of a session that is held, by an open handle or as the probe says. A thread of the
  /// manager calls this often enough; without a session_ttl it does nothing.
  void sweep_leases();
  LeaseCounts lease_counts() const;
  /// Whether a process has use for the session otherwise than by what is open in it (its working
  /// directory). Asked last, before a session expires or goes.
  using HolderProbe = std::function<bool(const Session& session)>;
  void set_holder_probe(HolderProbe probe);
  /// Told of each session that was removed for its age, by name.
  using ReapListener = std::function<void(const std::shared_ptr<Session>& session)>;
  void set_reap_listener(ReapListener listener);

  CommitPipeline& pipeline();
  Journal& journal();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace commitfs
