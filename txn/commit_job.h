#pragma once

#include <chrono>
#include <exception>
#include <memory>
#include <string>

#include "txn/commit.h"
#include "txn/delta.h"
#include "txn/validator.h"

namespace commitfs {

/// One session on its way to a version. Owned by one stage of the pipeline at a time.
struct CommitJob {
  std::shared_ptr<Session> session;
  std::string name;
  Caller caller;
  CommitPipeline::Callback callback;
  std::chrono::steady_clock::time_point submitted = std::chrono::steady_clock::now();
  /// The session is freezing, and by this job.
  bool holds_session = false;
  Delta delta;
  std::optional<condition::Condition> condition;  ///< the session's `require`
  BodyComparisons bodies;
  /// Set by the committing stage: pairs to compare before the next try.
  std::vector<std::pair<ObjectId, ObjectId>> unknown_bytes;
};

/// Paths in a session that takes no writes (freezing) which are still open for writing, or mapped
/// so, at the deadline; handles that were closed but not released are waited for. Errors: EIO.
Result<std::vector<std::string>> wait_for_open_files(
    Session& session, const ObjectStore& store, std::chrono::steady_clock::time_point deadline);

/// The session's `require`, parsed; empty when it has none. EPERM when what is kept of it is no
/// condition.
Result<std::optional<condition::Condition>> condition_of(const Session& session);
/// Why a commit is refused then.
std::string unreadable_condition(const Error& error);

/// What stands against a commit of the session whatever the head holds.
struct Objection {
  int error = 0;
  std::string reason;
};
/// ESTALE: it has expired, or its base was. EOWNERDEAD: it outlived the machine, and nobody looked
/// yet.
std::optional<Objection> standing_objection(const Session& session);
/// Bodies of which the disk lost something once: no sync can vouch for them any more.
std::optional<Objection> damage_objection(Session& session);
/// Row 14: EAGAIN for a rewrite that would meet an open writer, where the table prefers those.
std::optional<Objection> neighbour_objection(Session& session, const Delta& delta,
                                             const TableConfig& config);

/// Step 2: what the pre-commit hooks have against it; see Hooks::refuse_commit. Not asked again for
/// a session that was frozen with their consent.
std::optional<std::string> ask_hooks(Session& session, const Delta& delta,
                                     const TableContext& context);

/// Steps 1 to 3 of a commit: freezes the session, waits for handles that were closed but not
/// released, makes what is not sealed durable, computes the delta, asks the hooks. A value: the
/// outcome, when the commit ends here (nothing changed, committed already, files open, no space).
/// None: the job goes to the committing stage. Blocks up to `open_wait` and for the disk.
std::optional<CommitOutcome> prepare_commit(CommitJob& job, const TableContext& context,
                                            const CommitOptions& options);

/// Prepares a job again that met bodies it had to compare. As prepare_commit.
std::optional<CommitOutcome> compare_bodies(CommitJob& job, const TableContext& context);

/// The end of a job that was refused: the session is open again as it was and holds the report.
CommitOutcome refuse(Session& session, int error, ConflictReport report);

/// The end of a job that the standard library threw out of, ENOMEM or EIO: the session is open
/// again as it was, unless it was committed before that. Logs.
CommitOutcome outcome_of_exception(const CommitJob& job, const std::exception& error) noexcept;

/// Step 4 for all `jobs` at once: validates and applies each in its own savepoint, one COMMIT for
/// all. Jobs that must compare bodies first come back in `again`. When it throws, nothing was done
/// and all are still in `jobs`.
struct CommitBatch {
  struct Landed {
    std::unique_ptr<CommitJob> job;
    CommitOutcome outcome;
    Publication publication;
  };
  std::vector<Landed> ended;
  std::vector<std::unique_ptr<CommitJob>> again;
};
CommitBatch commit_batch(std::vector<std::unique_ptr<CommitJob>>& jobs, const TableContext& context,
                         Term term);

}  // namespace commitfs
