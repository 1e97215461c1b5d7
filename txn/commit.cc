#include "txn/commit.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>
#include <exception>

#include "txn/commit_job.h"
#include "txn/commit_queue.h"
#include "txn/config/config_store.h"
#include "txn/lost_base.h"
#include "txn/preparers.h"

namespace commitfs {
namespace {

constexpr int kCompareRounds = 100;  // each round learns something new

using Job = std::unique_ptr<CommitJob>;

}  // namespace

class CommitPipeline::Impl {
 public:
  Impl(TableContext context, Term term, CommitOptions options)
      : context_(std::move(context)), term_(term), options_(options) {}

  ~Impl() { wait_until_idle(); }

  void set_publish_listener(PublishListener listener) {
    MutexLock lock(mutex_);
    listener_ = std::move(listener);
  }

  void submit(Job job) {
    {
      MutexLock lock(mutex_);
      ++under_way_;
    }
    try {
      preparers_.push(std::move(job));
    } catch (...) {
      note_ended();
      throw;
    }
  }

  Result<std::shared_ptr<const ConflictReport>> check(Session& session) {
    auto open_files = session.wait_for_writers(std::chrono::steady_clock::now());
    ConflictReport report = TRY(checked(session));
    report.session = session.name();
    report.open_files = std::move(open_files);
    for (const std::string& note : session.early_notes())
      report.notes.push_back("early warning: " + note);
    return std::make_shared<const ConflictReport>(std::move(report));
  }

  Result<SeqNo> move_base_to_head(Session& session) {
    TRY(session.freeze());
    const auto settings = session.settings();
    auto moved = settings->frozen || settings->expired
                     ? fail(EROFS, "move the base of a session that takes no changes")
                     : move_frozen_base(session);
    session.thaw();
    return moved;
  }

  Result<void> freeze(Session& session) {
    if (const auto stopped = session.freeze(); !stopped) {
      return fail(stopped.error().code == EBUSY ? EBUSY : EROFS, stopped.error().context);
    }
    auto frozen = [&]() -> Result<void> {
      const auto deadline = std::chrono::steady_clock::now() + options_.open_wait;
      const auto open_files = TRY(wait_for_open_files(session, *context_.store, deadline));
      if (!open_files.empty())
        return fail(EBUSY, "freeze: open for writing: " + open_files.front());
      TRY(ask_hooks_to_freeze(session));
      return session.set_frozen();
    }();
    session.thaw();
    return frozen;
  }

 private:
  /// What the committing stage would say: its token, its condition, then validation.
  Result<ConflictReport> checked(Session& session) {
    ConflictReport report;
    report.base = session.base();
    if (auto objection = standing_objection(session)) {
      report.reason = std::move(objection->reason);
      return report;
    }
    if (auto damage = damage_objection(session)) {
      report.reason = std::move(damage->reason);
      return report;
    }
    report.head = TRY(context_.catalog->head_seq_no());
    if (const auto token = session.token()) {
      if (const auto made = TRY(context_.catalog->find_version_by_token(*token))) {  // row 38
        report.notes.push_back(fmt::format(
            "its token made version {} already: a commit makes no other", raw(made->seq_no)));
        return report;
      }
    }
    const auto condition = condition_of(session);
    if (!condition) {
      report.head = SeqNo::none;
      report.reason = unreadable_condition(condition.error());
      return report;
    }
    if (*condition) {
      report.condition = TRY(condition::evaluate(**condition, *context_.catalog, *context_.store));
      if (report.condition) {
        report.head = report.condition->head;
        return report;
      }
    }
    Delta delta = TRY(compute_delta(session, *context_.store));
    // Who changed nothing saw one version, and comes before whatever was committed since.
    if (!delta.empty()) delta.reads = TRY(collect_reads(session));
    if (auto waits = neighbour_objection(session, delta, *current_config(context_.config))) {
      report.head = SeqNo::none;
      report.reason = std::move(waits->reason);
      return report;
    }
    return TRY(validate_and_compare(delta)).report;
  }

  void prepare(Job job) {
    try {
      // A job comes here again when the committing stage met bodies that have to be compared:
      // nobody holds the catalog's lock, and no other commit waits, while bytes are read.
      const auto outcome = job->unknown_bytes.empty() ? prepare_commit(*job, context_, options_)
                                                      : compare_bodies(*job, context_);
      if (!outcome) return to_commit_.push(std::move(job));
      end(*job, *outcome);
    } catch (const std::exception& error) {
      // `end` throws nothing: the job was not answered.
      if (job) end(*job, outcome_of_exception(*job, error));
    }
  }

  void commit(std::vector<Job>& jobs) noexcept {
    try {
      CommitBatch batch = commit_batch(jobs, context_, term_);
      for (CommitBatch::Landed& landed : batch.ended) {
        if (landed.outcome.made_version) publish(landed.publication);
        end(*landed.job, landed.outcome);
      }
      for (Job& job : batch.again)
        compare_later(std::move(job));
    } catch (const std::exception& error) {
      for (const Job& job : jobs) {
        if (job) end(*job, outcome_of_exception(*job, error));
      }
    }
  }

  /// The hooks of a commit run now and not inside its rename.
  Result<void> ask_hooks_to_freeze(Session& session) {
    const auto objection =
        ask_hooks(session, TRY(compute_delta(session, *context_.store)), context_);
    if (!objection) return {};
    ConflictReport report;
    report.session = session.name();
    report.base = session.base();
    report.reason = *objection;
    session.set_last_report(std::make_shared<const ConflictReport>(std::move(report)), EPERM);
    return fail(EPERM, "freeze " + session.name() + ": a hook refused");
  }

  void compare_later(Job job) {
    try {
      preparers_.push(std::move(job));
    } catch (const std::exception& error) {
      end(*job, outcome_of_exception(*job, error));
    }
  }

  void publish(const Publication& publication) noexcept {
    try {
      PublishListener listener;
      {
        MutexLock lock(mutex_);
        listener = listener_;
      }
      if (listener) listener(publication);
    } catch (const std::exception& error) {
      spdlog::error("publish a version: {}", error.what());
    }
  }

  void end(CommitJob& job, const CommitOutcome& outcome) noexcept {
    try {
      log_end(job, outcome);
      job.callback(outcome);
    } catch (const std::exception& error) {
      spdlog::error("answer a commit: {}", error.what());
    }
    note_ended();
  }

  void note_ended() noexcept {
    MutexLock lock(mutex_);
    if (--under_way_ == 0) idle_.notify_all();
  }

  static void log_end(const CommitJob& job, const CommitOutcome& outcome) {
    const auto took = std::chrono::steady_clock::now() - job.submitted;
    const auto took_ms = std::chrono::duration<double, std::milli>(took).count();
    const std::uint64_t session = raw(job.session->id());
    if (outcome.made_version) {
      spdlog::info("committed session {} as version {} in {:.1f} ms", session, raw(outcome.version),
                   took_ms);
    } else if (outcome.error == 0) {
      spdlog::info("nothing to commit in session {}: version {} stands", session,
                   raw(outcome.version));
    } else {
      const std::size_t conflicts = outcome.report ? outcome.report->conflicts.size() : 0;
      spdlog::info("refused session {} after {:.1f} ms: errno {}, {} conflicts", session, took_ms,
                   outcome.error, conflicts);
    }
  }

  void wait_until_idle() {
    MutexLock lock(mutex_);
    while (under_way_ > 0)
      idle_.wait(mutex_);
  }

  Result<Validation> validate_and_compare(const Delta& delta) {
    const auto config = TRY(config_as_of(context_.config, *context_.catalog));
    BodyComparisons bodies;
    for (int round = 0;; ++round) {
      Validation validation = TRY(validate(*context_.catalog, delta, bodies, *config));
      if (!validation.report.refused() || validation.unknown_bytes.empty() ||
          round == kCompareRounds)
        return validation;
      TRY(bodies.compare(*context_.store, validation.unknown_bytes));
    }
  }

  Result<SeqNo> move_frozen_base(Session& session) {
    if (TRY(is_base_lost(*context_.catalog, session.base()))) {
      ConflictReport report;
      report.session = session.name();
      report.base = session.base();
      report.reason = explain_lost_base(session.base());
      session.set_last_report(std::make_shared<const ConflictReport>(std::move(report)), ESTALE);
      return fail(ESTALE, "move base of " + session.name());
    }
    Delta delta = TRY(compute_delta(session, *context_.store));
    // Also of who changed nothing: he would see two versions.
    delta.reads = TRY(collect_reads(session));
    const SeqNo head = TRY(context_.catalog->head_seq_no());
    Validation validation = TRY(validate_and_compare(delta));
    ConflictReport& report = validation.report;
    report.session = session.name();
    if (!report.refused() && validation.settled.empty() && validation.settled_contents.empty() &&
        validation.inherited.empty() && validation.ignored.empty() &&
        TRY(untouched(session, head))) {
      TRY(session.move_base(head));
      // It may have grown old while bytes were compared, and been let go before it was a base.
      if (!TRY(context_.catalog->find_version(head)))
        return fail(ESTALE, "the new base has expired: begin again");
      return head;
    }
    if (!report.refused())
      report.reason =
          "what this session changed was changed by others too; a commit would merge it";
    session.set_last_report(std::make_shared<const ConflictReport>(std::move(report)), ECANCELED);
    return fail(ECANCELED, "move base of " + session.name());
  }

  /// True when every inode of the base that the session keeps a record of is at `head` as it was
  /// (times and, for directories, link counts aside: those follow).
  Result<bool> untouched(Session& session, SeqNo head) {
    return session.read([&](const SessionData& data) -> Result<bool> {
      for (const auto& [id, changed] : data.changes.inodes()) {
        if (changed.made_here) continue;
        const auto before = TRY(context_.catalog->find_inode(data.base, id));
        const auto after = TRY(context_.catalog->find_inode(head, id));
        if (!before || !after) {
          if (changed.record.nlink == 0 && before.has_value() == after.has_value()) continue;
          return false;
        }
        if (before->mode != after->mode || before->uid != after->uid || before->gid != after->gid ||
            before->object != after->object ||
            (!before->is_directory() && before->nlink != after->nlink)) {
          return false;
        }
      }
      return true;
    });
  }

  static constexpr std::size_t kMaxPreparing = 64;

  const TableContext context_;
  const Term term_;
  const CommitOptions options_;
  Mutex mutex_;
  ConditionVariable idle_;
  PublishListener listener_ GUARDED_BY(mutex_);
  std::size_t under_way_ GUARDED_BY(mutex_) = 0;
  CommitQueue to_commit_{[this](std::vector<Job>& jobs) { commit(jobs); }};
  // Last: its threads use all of the above.
  Preparers preparers_{kMaxPreparing, [this](Job job) { prepare(std::move(job)); }};
};

CommitPipeline::CommitPipeline(TableContext context, Term term, CommitOptions options)
    : impl_(std::make_unique<Impl>(std::move(context), term, options)) {}

CommitPipeline::~CommitPipeline() = default;

void CommitPipeline::set_publish_listener(PublishListener listener) {
  impl_->set_publish_listener(std::move(listener));
}

void CommitPipeline::submit(std::shared_ptr<Session> session, std::string name, Caller caller,
                            Callback callback) {
  auto job = std::make_unique<CommitJob>();
  job->session = std::move(session);
  job->name = std::move(name);
  job->caller = caller;
  job->callback = std::move(callback);
  impl_->submit(std::move(job));
}

Result<std::shared_ptr<const ConflictReport>> CommitPipeline::check(Session& session) {
  return impl_->check(session);
}

Result<SeqNo> CommitPipeline::move_base_to_head(Session& session) {
  return impl_->move_base_to_head(session);
}

Result<void> CommitPipeline::freeze(Session& session) {
  return impl_->freeze(session);
}

}  // namespace commitfs
