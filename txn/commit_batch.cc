#include <spdlog/spdlog.h>

#include <cerrno>
#include <exception>
#include <new>
#include <optional>

#include "meta/base/fault.h"
#include "txn/apply.h"
#include "txn/commit_job.h"
#include "txn/config/config_store.h"
#include "txn/lost_base.h"

namespace commitfs {
namespace {

/// A job that will be a version if the transaction commits.
struct Accepted {
  std::unique_ptr<CommitJob> job;
  SeqNo version = SeqNo::none;
  bool made_version = true;  ///< false: its token had made one already, or nothing had changed
  std::unordered_map<InodeId, InodeId> replaced;
  Applied applied;
  ConflictReport report;  ///< notes only
};

class Batch {
 public:
  Batch(const TableContext& context, Term term) : context_(context), term_(term) {}

  CommitBatch run(std::vector<std::unique_ptr<CommitJob>>& jobs) {
    // From here on no job is lost for want of memory.
    accepted_.reserve(jobs.size());
    result_.ended.reserve(jobs.size());
    result_.again.reserve(jobs.size());
    auto transaction = context_.catalog->begin();
    if (!transaction) broken_ = transaction.error();
    for (auto& job : jobs) {
      if (broken_) {
        end_refused(std::move(job), *broken_);
      } else {
        consider(**transaction, std::move(job));
      }
    }
    if (broken_) {
      if (transaction) transaction->reset();
      refuse_accepted(*broken_);
    } else if (!accepted_.empty()) {
      finish(**transaction);
    }
    return std::move(result_);
  }

 private:
  void consider(CatalogTransaction& transaction, std::unique_ptr<CommitJob> job) {
    auto marked = caught([&] { return transaction.savepoint(); });
    if (!marked) {
      broken_ = std::move(marked).error();
      return end_refused(std::move(job), *broken_);
    }
    const auto taken = caught([&] { return try_job(transaction, job); });
    if (taken) return;
    // Of this job nothing may stay behind; the others are not concerned.
    auto undone = caught([&]() -> Result<void> {
      TRY(fault::point("commit.before_undo"));
      return transaction.rollback_to_savepoint();
    });
    // What cannot be undone alone goes with all the others.
    if (!undone) broken_ = std::move(undone).error();
    end_refused(std::move(job), taken.error());
  }

  /// What the standard library throws, as an error.
  template <typename Step>
  static Result<void> caught(Step step) {
    try {
      return step();
    } catch (const std::bad_alloc&) {
      return fail(ENOMEM, "commit");
    } catch (const std::exception& error) {
      return fail(EIO, error.what());
    }
  }

  void refuse_accepted(const Error& error) {
    for (Accepted& accepted : accepted_)
      end_refused(std::move(accepted.job), error);
  }

  /// Takes the job over, unless it answers an error.
  Result<void> try_job(CatalogTransaction& transaction, std::unique_ptr<CommitJob>& job) {
    const Term current = TRY(transaction.current_term());
    if (context_.fence != nullptr) TRY(context_.fence->admit(current));
    if (current != term_) return fail(ESTALE, "another mount of this table has taken over since");
    if (const auto made = TRY(made_before(transaction, *job->session))) {
      accepted_.push_back({std::move(job), *made, false, {}, {}, {}});
      return {};
    }
    const SeqNo base = job->session->base();
    if (TRY(is_base_lost(transaction, base))) {  // row 37
      end_with_reason(job, ESTALE, explain_lost_base(base));
      return {};
    }
    if (config_ == nullptr) config_ = TRY(config_as_of(context_.config, transaction));
    if (job->condition) {
      if (auto refusal = TRY(condition::evaluate(*job->condition, transaction, *context_.store))) {
        end_false(job, *std::move(refusal));
        return {};
      }
      if (job->delta.empty() && !config_->record_empty) {  // row 17
        accepted_.push_back({std::move(job), base, false, {}, {}, {}});
        return {};
      }
    }
    Validation validation = TRY(validate(transaction, job->delta, job->bodies, *config_));
    validation.report.session = job->session->name();
    if (validation.report.refused()) {
      if (!validation.unknown_bytes.empty()) {
        job->unknown_bytes = std::move(validation.unknown_bytes);
        result_.again.push_back(std::move(job));
        return {};
      }
      CommitOutcome outcome = refuse(*job->session, ECANCELED, std::move(validation.report));
      result_.ended.push_back({std::move(job), std::move(outcome), {}});
      return {};
    }
    TRY(fault::point("commit.before_apply"));
    VersionRecord version = TRY(describe(transaction, *job));
    const SeqNo seq_no = version.seq_no;
    Applied applied = TRY(apply(transaction, job->delta, validation, std::move(version), *config_));
    accepted_.push_back({std::move(job), seq_no, true, std::move(validation.replaced),
                         std::move(applied), std::move(validation.report)});
    return {};
  }

  /// The version that a session of the same token made (row 38), or this one itself, when the
  /// outcome of its commit could not be told.
  static Result<std::optional<SeqNo>> made_before(CatalogReader& head, const Session& session) {
    if (const auto token = session.token()) {
      if (const auto made = TRY(head.find_version_by_token(*token))) return made->seq_no;
    }
    if (const auto made = TRY(head.find_version_by_session_id(session.id()))) return made->seq_no;
    return std::nullopt;
  }

  void end_with_reason(std::unique_ptr<CommitJob>& job, int error, std::string reason) {
    ConflictReport report;
    report.session = job->session->name();
    report.base = job->session->base();
    report.reason = std::move(reason);
    CommitOutcome outcome = refuse(*job->session, error, std::move(report));
    result_.ended.push_back({std::move(job), std::move(outcome), {}});
  }

  void end_false(std::unique_ptr<CommitJob>& job, condition::Refusal refusal) {
    ConflictReport report;
    report.session = job->session->name();
    report.base = job->session->base();
    report.head = refusal.head;
    report.condition = std::move(refusal);
    CommitOutcome outcome = refuse(*job->session, EPERM, std::move(report));
    result_.ended.push_back({std::move(job), std::move(outcome), {}});
  }

  /// A replacement is told from a write, for whoever replaces the same directory (row 27).
  static std::string operation_of(const SessionSettings& settings) {
    if (settings.operation == Operation::write && !settings.replace.empty()) return "replace";
    return std::string(to_string(settings.operation));
  }

  Result<VersionRecord> describe(CatalogTransaction& transaction, const CommitJob& job) {
    const VersionRecord head = TRY(transaction.head());
    VersionRecord version;
    version.seq_no = SeqNo{raw(head.seq_no) + 1};
    version.term = term_;
    version.session_id = job.session->id();
    version.session = job.name;
    version.base = job.session->base();
    version.token = job.session->token();
    version.uid = job.caller.uid;
    version.gid = job.caller.gid;
    version.time_ns = std::max(context_.clock->now_ns(), head.time_ns);
    version.operation = operation_of(*job.session->settings());
    version.message = job.session->message();
    version.metadata = job.session->metadata();
    return version;
  }

  void finish(CatalogTransaction& transaction) {
    const auto committed = caught([&]() -> Result<void> {
      TRY(fault::point("commit.before_catalog_commit"));
      TRY(transaction.commit());
      return {};
    });
    if (!committed && !landed_after_all(committed.error()))
      return refuse_accepted(committed.error());
    if (const auto point = fault::point("commit.after_catalog_commit"); !point) {
      spdlog::warn("after the commit: {}", point.error().describe());  // too late to refuse
    }
    for (Accepted& accepted : accepted_)
      land(std::move(accepted));
  }

  /// An error of COMMIT itself leaves the outcome open; the catalog knows.
  bool landed_after_all(const Error& error) const {
    if (error.code != EIO) return false;
    bool landed = false;
    const auto known = caught([&]() -> Result<void> {
      if (const auto settled = settle(); !settled) {
        spdlog::error("the outcome of a commit stays unknown: {}", settled.error().describe());
      }
      landed = TRY(has_landed());
      return {};
    });
    if (!known) spdlog::error("the outcome of a commit: {}", known.error().describe());
    return landed;
  }

  Result<bool> has_landed() const {
    for (const Accepted& accepted : accepted_) {
      if (!accepted.made_version) continue;
      // All of them landed, or none.
      return TRY(context_.catalog->find_version_by_session_id(accepted.job->session->id()))
          .has_value();
    }
    return false;
  }

  /// A commit whose sync failed may stand in the log all the same, and come back at the next start
  /// after its sessions went on. Writing over it, or behind it, settles what is so.
  Result<void> settle() const {
    const auto transaction = TRY(context_.catalog->begin());
    TRY(transaction->put_config("commit.settled", std::to_string(context_.clock->now_ns())));
    return transaction->commit();
  }

  void land(Accepted accepted) noexcept {
    Session& session = *accepted.job->session;
    CommitOutcome outcome{.error = 0,
                          .version = accepted.version,
                          .made_version = accepted.made_version,
                          .report = {}};
    try {
      outcome.report = std::make_shared<const ConflictReport>(std::move(accepted.report));
      session.set_last_report(outcome.report, 0);
      session.finish(accepted.version, std::move(accepted.replaced));
      remove(accepted.applied.unused);
    } catch (const std::exception& error) {
      // The version is there. A session that could not follow it takes no writes until the next
      // mount finds it committed.
      spdlog::error("after the commit of version {}: {}", raw(accepted.version), error.what());
    }
    result_.ended.push_back(
        {std::move(accepted.job), std::move(outcome), std::move(accepted.applied.publication)});
  }

  void remove(const std::vector<ObjectId>& objects) const {
    for (const ObjectId object : objects) {
      if (const auto removed = context_.store->remove(object); !removed) {
        spdlog::warn("object {}: {}", raw(object), removed.error().describe());
      }
    }
  }

  void end_refused(std::unique_ptr<CommitJob> job, const Error& error) noexcept {
    CommitOutcome outcome;
    try {
      outcome = refuse(*job->session, error.code, describe_refusal(*job, error));
    } catch (const std::exception& thrown) {
      outcome = outcome_of_exception(*job, thrown);
    }
    result_.ended.push_back({std::move(job), std::move(outcome), {}});
  }

  static ConflictReport describe_refusal(const CommitJob& job, const Error& error) {
    ConflictReport report;
    report.session = job.session->name();
    report.base = job.session->base();
    report.reason = error.describe();
    if (error.code == EIO)
      report.reason += " (the outcome is unknown; the same token or session tells)";
    spdlog::error("commit of '{}': {}", job.name, error.describe());
    return report;
  }

  const TableContext& context_;
  const Term term_;
  std::shared_ptr<const TableConfig>
      config_;  ///< as the transaction has it: it cannot change meanwhile
  CommitBatch result_;
  std::vector<Accepted> accepted_;
  std::optional<Error> broken_;  ///< why the transaction must not be committed
};

}  // namespace

CommitBatch commit_batch(std::vector<std::unique_ptr<CommitJob>>& jobs, const TableContext& context,
                         Term term) {
  return Batch(context, term).run(jobs);
}

}  // namespace commitfs
