#include <spdlog/spdlog.h>

#include <cerrno>
#include <chrono>
#include <new>
#include <thread>

#include "meta/base/fault.h"
#include "txn/commit_job.h"
#include "txn/config/config_store.h"
#include "txn/lost_base.h"
#include "txn/neighbours.h"

namespace commitfs {
namespace {

using Deadline = std::chrono::steady_clock::time_point;

ConflictReport empty_report(const Session& session) {
  ConflictReport report;
  report.session = session.name();
  report.base = session.base();
  return report;
}

CommitOutcome refuse_with(Session& session, Objection objection) {
  ConflictReport report = empty_report(session);
  report.reason = std::move(objection.reason);
  return refuse(session, objection.error, std::move(report));
}

CommitOutcome refuse_with(Session& session, const Error& error, const std::string& reason) {
  return refuse_with(session, {error.code, reason + ": " + error.describe()});
}

/// Bodies still mapped for writing at the deadline, though no handle has them open: their paths.
/// The kernel does not say when a mapping goes, nor quite when a handle's own file has gone, so it
/// is asked again and again.
Result<std::vector<std::string>> wait_for_mappings(Session& session, const ObjectStore& store,
                                                   Deadline deadline) {
  constexpr auto kPause = std::chrono::milliseconds(1);
  while (true) {
    std::vector<InodeId> mapped;
    for (const auto& [inode, object] : session.mappable_bodies()) {
      if (TRY(store.has_writers(object))) {
        mapped.push_back(inode);
      } else {
        session.forget_mappable(inode);  // nobody can open it anew: the session is frozen
      }
    }
    if (mapped.empty() || std::chrono::steady_clock::now() >= deadline) {
      std::vector<std::string> paths;
      for (const InodeId inode : mapped)
        paths.push_back(TRY(session.path_of(inode)));
      return paths;
    }
    std::this_thread::sleep_for(kPause);
  }
}

Result<void> seal_bodies(Session& session, const ObjectStore& store) {
  const auto bodies = session.unsealed_bodies();
  std::vector<ObjectId> objects;
  objects.reserve(bodies.size());
  for (const auto& [inode, object] : bodies)
    objects.push_back(object);
  const auto sealed = store.seal(objects);
  for (const auto& [inode, object] : bodies) {
    if (sealed) {
      session.mark_sealed(inode, object);
    } else if (means_lost_bytes(sealed.error().code)) {
      // Which of them lost bytes is not known, and asking again would be answered with success.
      session.mark_damaged(inode, object, sealed.error().code);
    }
  }
  return sealed;
}

}  // namespace

Result<std::vector<std::string>> wait_for_open_files(Session& session, const ObjectStore& store,
                                                     Deadline deadline) {
  auto open_files = session.wait_for_writers(deadline);
  if (!open_files.empty()) return open_files;
  return wait_for_mappings(session, store, deadline);
}

std::optional<Objection> standing_objection(const Session& session) {
  if (session.expired()) {
    return Objection{ESTALE,
                     "the session expired, for nobody used it for as long as the table's "
                     "session_ttl: begin again"};
  }
  // What cannot be told now is asked again inside the commit.
  if (is_base_lost(*session.context().catalog, session.base()).value_or(false))
    return Objection{ESTALE, explain_lost_base(session.base())};
  if (session.outlived_boot()) {
    return Objection{EOWNERDEAD,
                     "the machine went down while this session was open, and files that were not "
                     "synced before may be torn: look at them, then write accept to recovered"};
  }
  return std::nullopt;
}

std::optional<Objection> damage_objection(Session& session) {
  const auto damaged = session.damaged_bodies();
  if (damaged.empty()) return std::nullopt;
  Objection objection{damaged.front().second,
                      "the disk may have lost bytes of these files; write them anew:"};
  for (const auto& [inode, error] : damaged) {
    const auto path = session.path_of(inode);
    objection.reason += " '" + path.value_or("?") + "'";
  }
  return objection;
}

std::optional<Objection> neighbour_objection(Session& session, const Delta& delta,
                                             const TableConfig& config) {
  if (!delta.rewrites || !config.prefer_writer) return std::nullopt;
  auto writer = writer_in_the_way(session, delta);
  if (!writer) return std::nullopt;
  return Objection{EAGAIN, *std::move(writer)};
}

std::optional<std::string> ask_hooks(Session& session, const Delta& delta,
                                     const TableContext& context) {
  if (context.hooks == nullptr || session.audited()) return std::nullopt;
  VersionRecord commit;
  commit.session = session.name();
  commit.base = session.base();
  commit.operation = to_string(session.settings()->operation);
  commit.message = session.message();
  commit.metadata = session.metadata();
  commit.token = session.token();
  commit.uid = session.uid();
  return context.hooks->refuse_commit(commit, delta.changes());
}

Result<std::optional<condition::Condition>> condition_of(const Session& session) {
  const auto settings = session.settings();
  if (settings->require.empty()) return std::nullopt;
  auto condition = condition::parse(settings->require);
  if (!condition) return fail(EPERM, condition.error().describe());
  return *std::move(condition);
}

std::string unreadable_condition(const Error& error) {
  return "the condition cannot be read: " + error.context;
}

CommitOutcome refuse(Session& session, int error, ConflictReport report) {
  auto shared = std::make_shared<const ConflictReport>(std::move(report));
  session.set_last_report(shared, error);
  session.lease().touch();
  session.thaw();
  return {
      .error = error, .version = SeqNo::none, .made_version = false, .report = std::move(shared)};
}

CommitOutcome outcome_of_exception(const CommitJob& job, const std::exception& error) noexcept {
  spdlog::error("commit of session {}: {}", raw(job.session->id()), error.what());
  Session& session = *job.session;
  CommitOutcome outcome;  // without a report: that would need memory
  outcome.version = session.committed_as();
  if (outcome.version != SeqNo::none) return outcome;
  outcome.error = dynamic_cast<const std::bad_alloc*>(&error) != nullptr ? ENOMEM : EIO;
  if (!job.holds_session || session.state() != SessionState::freezing) return outcome;
  session.set_last_report(nullptr, outcome.error);
  session.thaw();
  return outcome;
}

std::optional<CommitOutcome> prepare_commit(CommitJob& job, const TableContext& context,
                                            const CommitOptions& options) {
  Session& session = *job.session;
  if (const auto frozen = session.freeze(); !frozen) {
    // Committed already: the same answer again. Another commit of it under way: not now.
    if (frozen.error().code == EALREADY) {
      return CommitOutcome{
          .error = 0, .version = session.committed_as(), .asked_again = true, .report = {}};
    }
    const int error = frozen.error().code == EBUSY ? EAGAIN : frozen.error().code;
    return CommitOutcome{.error = error, .report = {}};
  }
  job.holds_session = true;
  if (auto objection = standing_objection(session))
    return refuse_with(session, *std::move(objection));
  const auto config = current_config(context.config);
  const Deadline deadline =
      std::chrono::steady_clock::now() + config->open_wait.value_or(options.open_wait);
  auto open_files = wait_for_open_files(session, *context.store, deadline);
  if (!open_files)
    return refuse_with(session, open_files.error(), "who has files mapped could not be told");
  if (!open_files->empty()) {
    ConflictReport report = empty_report(session);
    report.open_files = *std::move(open_files);
    return refuse(session, EBUSY, std::move(report));
  }
  const auto sealed = [&]() -> Result<void> {
    TRY(fault::point("commit.before_seal"));
    return seal_bodies(session, *context.store);
  }();
  if (!sealed)
    return refuse_with(session, sealed.error(), "the session's files could not be made durable");
  if (auto damage = damage_objection(session)) return refuse_with(session, *std::move(damage));
  auto delta = compute_delta(session, *context.store);
  if (!delta) return refuse_with(session, delta.error(), "the session's changes could not be read");
  auto condition = condition_of(session);
  if (!condition) return refuse_with(session, {EPERM, unreadable_condition(condition.error())});
  // Row 17: nothing to commit makes no version. A condition is still asked, where the head stands
  // still.
  if (delta->empty() && !config->record_empty && !*condition) {
    const SeqNo base = session.base();
    session.finish(base, {});
    return CommitOutcome{.error = 0, .version = base, .report = {}};
  }
  auto reads = collect_reads(session);
  if (!reads) return refuse_with(session, reads.error(), "what the session read could not be told");
  delta->reads = *std::move(reads);
  if (auto waits = neighbour_objection(session, *delta, *config))
    return refuse_with(session, *std::move(waits));
  if (auto objection = ask_hooks(session, *delta, context))
    return refuse_with(session, {EPERM, *std::move(objection)});
  job.delta = std::move(*delta);
  job.condition = std::move(*condition);
  return std::nullopt;
}

std::optional<CommitOutcome> compare_bodies(CommitJob& job, const TableContext& context) {
  const auto compared = job.bodies.compare(*context.store, job.unknown_bytes);
  if (!compared) return refuse_with(*job.session, compared.error(), "bodies could not be compared");
  job.unknown_bytes.clear();
  return std::nullopt;
}

}  // namespace commitfs
