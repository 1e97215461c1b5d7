#include "txn/session_manager.h"

#include <spdlog/spdlog.h>

#include <cerrno>

#include "meta/base/fault.h"
#include "meta/name.h"
#include "txn/commit_results.h"
#include "txn/config/config_store.h"
#include "txn/control_directory.h"
#include "txn/delta.h"
#include "txn/hooks/announcer.h"
#include "txn/lease_keeper.h"
#include "txn/lost_base.h"
#include "txn/object_remover.h"
#include "txn/open_sessions.h"
#include "txn/past/difference.h"
#include "txn/past/restore.h"
#include "txn/receipts.h"
#include "txn/recovery.h"
#include "txn/version_name.h"

namespace commitfs {
namespace {

Result<void> valid_session_name(std::string_view name) {
  TRY(valid_name(name));
  if (name == kControlName) return fail(EINVAL, "the name .commitfs is reserved");
  return {};
}

Result<void> may_end(const Session& session, const Caller& caller) {
  if (caller.uid == 0 || caller.uid == session.uid()) return {};
  return fail(EACCES, "session " + session.name() + " is another user's");
}

/// The base that `NAME@VERSION` asks for, the head where there is no '@'.
Result<SeqNo> base_of(std::string_view name, Catalog& catalog) {
  const auto at = name.rfind('@');
  if (at == std::string_view::npos) return catalog.head_seq_no();
  const auto version = TRY(resolve_version(catalog, name.substr(at + 1)));
  if (!version) return fail(ENOENT, "begin " + std::string(name) + ": no such version");
  return *version;
}

/// For a session whose name another has: NAME.ID, or NAME.ID.N if somebody thought of that one.
std::string free_name(const Session& session, const OpenSessions& taken) {
  const std::string end = '.' + std::to_string(raw(session.id()));
  for (int n = 1;; ++n) {
    const std::string suffix = n == 1 ? end : end + '.' + std::to_string(n);
    std::string name = session.name().substr(0, kNameMaxBytes - suffix.size()) + suffix;
    if (!taken.contains(name)) return name;
  }
}

std::unique_ptr<hooks::Announcer> make_announcer(const TableContext& context) {
  if (context.hooks == nullptr) return nullptr;
  return std::make_unique<hooks::Announcer>(context.catalog, context.hooks, context.fence);
}

TableContext with_neighbours(TableContext context, std::weak_ptr<const OpenSessions> neighbours) {
  context.neighbours = std::move(neighbours);
  return context;
}

CommitOutcome failed(int error) {
  CommitOutcome outcome;
  outcome.error = error;
  return outcome;
}

}  // namespace

class SessionManager::Impl {
 public:
  Impl(TableContext context, Term term, std::shared_ptr<Staging> staging, CommitOptions options)
      : open_sessions_(std::make_shared<OpenSessions>()),
        sessions_(*open_sessions_),
        context_(with_neighbours(std::move(context), open_sessions_)),
        staging_(std::move(staging)),
        receipts_(context_.catalog),
        remover_(context_.store),
        journal_(staging_, context_.fence, Journal::kInterval,
                 [this](std::vector<ObjectId> objects) { remover_.enqueue(std::move(objects)); }),
        announcer_(make_announcer(context_)),
        pipeline_(context_, term, options),
        leases_(sessions_, context_.config, [this](Session& session) { return reap(session); }) {}

  Result<std::size_t> recover() {
    auto recovered = TRY(recover_sessions(context_, *staging_));
    for (const std::shared_ptr<Session>& session : recovered) {
      journal_.add(session);
      if (TRY(is_base_lost(*context_.catalog, session->base()))) sessions_.note_lost_base();
      if (sessions_.contains(session->name())) TRY(session->rename(free_name(*session, sessions_)));
      TRY(sessions_.claim(session->name())).fill(session);
    }
    return recovered.size();
  }

  Result<std::shared_ptr<Session>> begin(std::string_view name, const Caller& caller) {
    TRY(valid_session_name(name));
    TRY(check_fence());
    OpenSessions::Claim claim = TRY(sessions_.claim(name));
    MutexLock lock(pins_mutex_);
    const SeqNo base = TRY(base_of(name, *context_.catalog));
    return make_session(name, base, caller, std::move(claim));
  }

  Result<std::shared_ptr<Session>> begin_restore(std::string_view name, SeqNo version,
                                                 const Caller& caller) {
    TRY(valid_session_name(name));
    TRY(check_fence());
    TRY(drop_refused_restore(name, caller));
    auto claim = sessions_.claim(name);
    if (!claim) return fail(EBUSY, "restore: there is a session " + std::string(name));
    auto session = TRY(make_restore_session(name, version, caller, *std::move(claim)));
    if (const auto staged = stage_version(*session, version); !staged) {
      if (session->freeze()) drop(*session);
      return std::unexpected(staged.error());
    }
    return session;
  }

  Result<void> with_pinned_versions(const WithPinned& change) {
    MutexLock lock(pins_mutex_);
    PinnedVersions pinned;
    for (const auto& session : sessions_.list()) {
      pinned.bases.insert(session->base());
      pinned.needed.insert(session->settings()->keeps);
      if (const auto made = TRY(context_.catalog->find_version_by_session_id(session->id())))
        pinned.needed.insert(made->seq_no);
    }
    // Whoever is in the list no more was dropped before. A crash shall not bring it back to a base
    // that is gone.
    TRY(journal_.sync());
    return change(pinned);
  }

  void forget_receipts(const std::set<SeqNo>& versions) { receipts_.forget(versions); }

 private:
  Result<std::shared_ptr<Session>> make_session(std::string_view name, SeqNo base,
                                                const Caller& caller, OpenSessions::Claim claim,
                                                SeqNo restores = SeqNo::none)
      REQUIRES(pins_mutex_) {
    StagedSession row;
    row.name = name;
    row.base = base;
    row.id = TRY(context_.ids->next_session());
    row.uid = caller.uid;
    row.gid = caller.gid;
    row.created_ns = context_.clock->now_ns();
    // After the base was read: the catalog then has every configuration that the base has.
    SessionSettings settings;
    settings.isolation = TRY(config_as_of(context_.config, *context_.catalog))->isolation;
    settings.keeps = restores;
    if (restores != SeqNo::none) settings.operation = Operation::restore;
    row.extra = settings_to_json(settings, {});
    auto session =
        std::make_shared<Session>(context_, std::move(row), ChangeSet(), std::move(settings));
    journal_.add(session);
    std::move(claim).fill(session);
    spdlog::info("began session {} at version {}", raw(session->id()), raw(session->base()));
    return session;
  }

  Result<std::shared_ptr<Session>> make_restore_session(std::string_view name, SeqNo version,
                                                        const Caller& caller,
                                                        OpenSessions::Claim claim) {
    MutexLock lock(pins_mutex_);
    if (!TRY(context_.catalog->find_version(version)))
      return fail(ENOENT, "restore: no such version");
    const SeqNo head = TRY(context_.catalog->head_seq_no());
    return make_session(name, head, caller, std::move(claim), version);
  }

  Result<void> stage_version(Session& session, SeqNo version) {
    const auto difference = TRY(past::compare_versions(*context_.catalog, session.base(), version));
    TRY(past::stage_restore(session, difference));
    return session.set_message("back to version " + std::to_string(raw(version)));
  }

  /// A restore that was refused left its session for its report to be read.
  Result<void> drop_refused_restore(std::string_view name, const Caller& caller) {
    const auto session = sessions_.find(name);
    if (!session || session->settings()->operation != Operation::restore) return {};
    const auto ended = freeze_to_end(name, caller);
    if (!ended && ended.error().code == ENOENT) return {};
    drop(*TRY(ended));
    return {};
  }

 public:
  Result<void> rename(std::string_view from, std::string_view to) {
    TRY(valid_session_name(to));
    const auto session = TRY(open_session(from));
    OpenSessions::Claim claim = TRY(sessions_.claim(to));
    TRY(session->rename(std::string(to)));
    std::move(claim).fill(session);
    return {};
  }

  void commit(std::string_view name, std::string_view receipt, const Caller& caller,
              CommitPipeline::Callback callback) {
    const auto session = sessions_.find(name);
    if (!session) return callback(committed_before(name, receipt));
    commit(session, receipt, caller, std::move(callback));
  }

  void commit(const std::shared_ptr<Session>& session, std::string_view receipt,
              const Caller& caller, CommitPipeline::Callback callback) {
    const std::string name = session->name();
    if (const auto admitted = admit(*session, receipt, caller); !admitted) {
      const CommitOutcome outcome = failed(admitted.error().code);
      note(outcome, name, receipt, std::chrono::nanoseconds(0));
      return callback(outcome);
    }
    const auto submitted = std::chrono::steady_clock::now();
    pipeline_.submit(session, std::string(receipt), caller,
                     [this, session, name, submitted, receipt = std::string(receipt),
                      callback = std::move(callback)](const CommitOutcome& outcome) {
                       if (outcome.asked_again) return callback(outcome);
                       if (outcome.error == 0) keep_receipt(session, receipt, outcome);
                       note(outcome, name, receipt, std::chrono::steady_clock::now() - submitted);
                       callback(outcome);
                       if (outcome.made_version && announcer_ != nullptr) announcer_->wake();
                     });
  }

  Result<void> discard(std::string_view name, const Caller& caller) {
    TRY(check_fence());
    const auto session = TRY(freeze_to_end(name, caller));
    drop(*session);
    return {};
  }

  Result<void> remove(std::string_view name, const Caller& caller) {
    TRY(check_fence());
    const auto session = TRY(freeze_to_end(name, caller));
    const auto delta = compute_delta(*session, *context_.store);
    if (!delta || !delta->empty()) {
      session->thaw();
      if (!delta) return std::unexpected(delta.error());
      return fail(ENOTEMPTY, "rmdir of session " + std::string(name));
    }
    drop(*session);
    return {};
  }

  Result<std::shared_ptr<Tree>> receipt(std::string_view name) {
    if (sessions_.contains(name)) return nullptr;
    const auto found = TRY(receipts_.find(name));
    return found ? found->tree : nullptr;
  }

  Result<std::vector<std::string>> receipt_names(std::size_t limit) {
    return receipts_.names(limit,
                           [this](const std::string& name) { return sessions_.contains(name); });
  }

  Result<void> remove_receipt(std::string_view name) {
    TRY(check_fence());
    if (sessions_.contains(name)) return fail(ENOENT, "remove the receipt of " + std::string(name));
    return receipts_.remove(name);
  }

 private:
  friend class SessionManager;

  Result<void> check_fence() const {
    return context_.fence != nullptr ? context_.fence->check() : Result<void>();
  }

  Result<std::shared_ptr<Session>> open_session(std::string_view name) const {
    auto session = sessions_.find(name);
    if (!session) return fail(ENOENT, "session " + std::string(name));
    return session;
  }

  static Result<void> admit(const Session& session, std::string_view receipt,
                            const Caller& caller) {
    // EINVAL would make the kernel send the rename twice.
    if (!valid_session_name(receipt)) return fail(EPERM, "commit as " + std::string(receipt));
    TRY(may_end(session, caller));
    return fault::point("commit.submitted");
  }

  /// There is no session `name`: perhaps because this very commit was done before, and its answer
  /// was lost.
  CommitOutcome committed_before(std::string_view name, std::string_view receipt) const {
    const auto found = receipts_.find(receipt);
    if (!found) return failed(found.error().code);
    if (!*found || (*found)->session_name != name) return failed(ENOENT);
    CommitOutcome outcome;
    outcome.version = (*found)->version;
    outcome.asked_again = true;
    return outcome;
  }

  /// Moves the session to the receipts. It is there before its name is free, so that it can be
  /// found at any time.
  void keep_receipt(const std::shared_ptr<Session>& session, const std::string& receipt,
                    const CommitOutcome& outcome) {
    receipts_.add(receipt, {.tree = session,
                            .version = outcome.version,
                            .made_version = outcome.made_version,
                            .session_name = session->name()});
    journal_.drop(session->id());
    sessions_.erase(*session);  // after that: see with_pinned_versions
  }

  void note(const CommitOutcome& outcome, std::string_view name, std::string_view receipt,
            std::chrono::nanoseconds took) {
    results_.count(outcome, took);
    results_.remember(name, outcome.error);
    results_.remember(receipt, outcome.error);
  }

  /// A session that nobody can write to or commit any more, to be dropped or thawed by the caller.
  Result<std::shared_ptr<Session>> freeze_to_end(std::string_view name, const Caller& caller) {
    auto session = TRY(open_session(name));
    TRY(may_end(*session, caller));
    const auto frozen = session->freeze();
    if (frozen) return session;
    // It was committed a moment ago.
    return fail(frozen.error().code == EALREADY ? ENOENT : frozen.error().code,
                "end session " + std::string(name));
  }

  /// Of the keeper of leases: false when somebody was faster, or came back.
  bool reap(Session& session) {
    if (!check_fence() || !session.freeze()) return false;
    drop(session);
    return true;
  }

  void drop(Session& session) {
    auto objects = session.discard();
    spdlog::info("discarded session {} with {} bodies", raw(session.id()), objects.size());
    // What the journal is writing of it just now comes before that it forgets it.
    journal_.drop(session.id(), std::move(objects));
    sessions_.erase(session);  // after that: see with_pinned_versions
  }

  const std::shared_ptr<OpenSessions> open_sessions_;
  OpenSessions& sessions_;
  const TableContext context_;
  /// Held while a session begins, and while versions are taken away. Comes before all other locks.
  Mutex pins_mutex_;
  const std::shared_ptr<Staging> staging_;
  Receipts receipts_;
  CommitResults results_;
  ObjectRemover remover_;
  Journal journal_;  ///< hands bodies to the remover until it is destroyed
  const std::unique_ptr<hooks::Announcer> announcer_;  ///< null where there are no hooks
  CommitPipeline pipeline_;  ///< its callbacks use all of the above until it is destroyed
  LeaseKeeper leases_;       ///< last: so does its thread
};

SessionManager::SessionManager(TableContext context, Term term, std::shared_ptr<Staging> staging,
                               CommitOptions options)
    : impl_(std::make_unique<Impl>(std::move(context), term, std::move(staging), options)) {}
SessionManager::~SessionManager() = default;

Result<std::size_t> SessionManager::recover() {
  return impl_->recover();
}
Result<std::shared_ptr<Session>> SessionManager::begin(std::string_view name,
                                                       const Caller& caller) {
  return impl_->begin(name, caller);
}
Result<std::shared_ptr<Session>> SessionManager::begin_restore(std::string_view name, SeqNo version,
                                                               const Caller& caller) {
  return impl_->begin_restore(name, version, caller);
}
Result<void> SessionManager::with_pinned_versions(const WithPinned& change) {
  return impl_->with_pinned_versions(change);
}
void SessionManager::forget_receipts(const std::set<SeqNo>& versions) {
  impl_->forget_receipts(versions);
}
std::shared_ptr<Session> SessionManager::find(std::string_view name) const {
  return impl_->sessions_.find(name);
}
std::vector<std::shared_ptr<Session>> SessionManager::list() const {
  return impl_->sessions_.list();
}
Result<void> SessionManager::rename(std::string_view from, std::string_view to) {
  return impl_->rename(from, to);
}
void SessionManager::commit(std::string_view name, std::string_view receipt, const Caller& caller,
                            CommitPipeline::Callback callback) {
  impl_->commit(name, receipt, caller, std::move(callback));
}
void SessionManager::commit(const std::shared_ptr<Session>& session, std::string_view receipt,
                            const Caller& caller, CommitPipeline::Callback callback) {
  impl_->commit(session, receipt, caller, std::move(callback));
}
Result<void> SessionManager::discard(std::string_view name, const Caller& caller) {
  return impl_->discard(name, caller);
}
Result<void> SessionManager::remove(std::string_view name, const Caller& caller) {
  return impl_->remove(name, caller);
}
Result<std::shared_ptr<Tree>> SessionManager::receipt(std::string_view name) {
  return impl_->receipt(name);
}
Result<std::vector<std::string>> SessionManager::receipt_names(std::size_t limit) {
  return impl_->receipt_names(limit);
}
Result<void> SessionManager::remove_receipt(std::string_view name) {
  return impl_->remove_receipt(name);
}
int SessionManager::last_commit_error(std::string_view name) const {
  return impl_->results_.last_error(name);
}
CommitCounts SessionManager::commit_counts() const {
  return impl_->results_.counts();
}
void SessionManager::sweep_leases() {
  impl_->leases_.sweep();
}
LeaseCounts SessionManager::lease_counts() const {
  return impl_->leases_.counts();
}
void SessionManager::set_holder_probe(HolderProbe probe) {
  impl_->leases_.set_holder_probe(std::move(probe));
}
void SessionManager::set_reap_listener(ReapListener listener) {
  impl_->leases_.set_reap_listener(std::move(listener));
}
CommitPipeline& SessionManager::pipeline() {
  return impl_->pipeline_;
}
Journal& SessionManager::journal() {
  return impl_->journal_;
}

}  // namespace commitfs
