#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "txn/conflict.h"
#include "txn/publication.h"
#include "txn/session.h"

namespace commitfs {

/// How a commit ended.
struct CommitOutcome {
  int error = 0;                ///< 0, or the errno for the caller: section "Errors" of the design
  SeqNo version = SeqNo::none;  ///< the version made; the base when nothing had changed
  bool made_version = false;
  bool asked_again = false;  ///< the session was committed before, and nothing was done now
  std::shared_ptr<const ConflictReport> report;
};

struct CommitOptions {
  /// For handles that were closed but not yet released; `commit.open_wait_ms` of the table goes
  /// before it.
  std::chrono::milliseconds open_wait{500};
};

/// Takes sessions to versions. Thread-safe. Each session is prepared (wait for writers, seal,
/// compute the delta) on a thread of its own, at most 64 at a time, so that a slow one delays no
/// other. The same thread then commits it, unless another one is committing, which takes it over:
/// what comes meanwhile shares the next transaction and its fsync. Nothing of it runs on the
/// caller's thread.
class CommitPipeline {
 public:
  using Callback = std::function<void(const CommitOutcome&)>;
  /// Called by whichever thread commits, for one version at a time and in their order, after it
  /// became the head and before its callback; must not call back in.
  using PublishListener = std::function<void(const Publication&)>;

  CommitPipeline(TableContext context, Term term, CommitOptions options);
  ~CommitPipeline();  ///< finishes what was submitted

  void set_publish_listener(PublishListener listener);

  /// Commits `session` under the name `name` (its receipt's). `callback` is called once, on a
  /// thread of the pipeline, when the version is durable, or when the session is open again as it
  /// was. Asked again for a session that is committed, it answers success and the version it made.
  void submit(std::shared_ptr<Session> session, std::string name, Caller caller, Callback callback);

  /// Would it land now? The same report; changes nothing and takes no catalog lock.
  Result<std::shared_ptr<const ConflictReport>> check(Session& session);

  /// Moves the session's base to the head if nothing it touched has changed; ECANCELED with the
  /// report left in the session.
  Result<SeqNo> move_base_to_head(Session& session);

  /// Freezes the session for an audit: see Session::set_frozen. Waits for handles that were closed
  /// but not released, as a commit does. EBUSY while files are open or mapped for writing (`status`
  /// names them), or a commit is under way; EROFS when the session is over; EPERM when a pre-commit
  /// hook refuses, with the report left in the session.
  Result<void> freeze(Session& session);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace commitfs
