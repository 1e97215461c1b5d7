#include "fs/session_commit.h"

#include <optional>
#include <utility>

#include "fs/mount_state.h"

namespace commitfs::fs {
namespace {

/// Counts one commit as under way, until it is destroyed: also one that ends by an exception.
class Ticket {
 public:
  static std::optional<Ticket> take(InFlight& all) {
    if (!all.begin()) return std::nullopt;
    return Ticket(all);
  }
  Ticket(Ticket&& other) noexcept : all_(std::exchange(other.all_, nullptr)) {}
  Ticket& operator=(Ticket&&) = delete;
  ~Ticket() {
    if (all_ != nullptr) all_->end();
  }

 private:
  explicit Ticket(InFlight& all) : all_(&all) {}
  InFlight* all_;
};

/// What is kept until the answer.
struct Waiting {
  Ticket ticket;  ///< goes last: the mount stays until then
  Request request;
  ShowReceipt show;
  AnswerCommit answer;
  std::shared_ptr<View> view;  ///< of the session, if there is one
  SeqNo base = SeqNo::none;

  void end(const CommitOutcome& outcome) {
    Mount& mount = request.mount();
    if (outcome.error == 0 && view != nullptr) {
      // Whoever opens something from now on sees the version.
      ++view->epoch;
      const bool head_moved = raw(outcome.version) > raw(base) + 1;
      const bool made_by_another = !outcome.made_version && outcome.version != base;
      show(mount, view, head_moved || made_by_another);
    }
    answer(request, outcome);
  }
};

}  // namespace

void commit_session(Request request, SessionCommit commit, ShowReceipt show, AnswerCommit answer) {
  Mount& mount = request.mount();
  auto ticket = Ticket::take(mount.commits);
  if (!ticket) return answer(request, CommitOutcome{.error = EAGAIN, .report = {}});
  const Caller caller = request.caller();
  auto waiting =
      std::make_shared<Waiting>(Waiting{*std::move(ticket), std::move(request), std::move(show),
                                        std::move(answer), nullptr, SeqNo::none});
  const auto end = [waiting](const CommitOutcome& outcome) { waiting->end(outcome); };
  if (commit.session == nullptr) {
    return mount.sessions().commit(commit.name, commit.receipt, caller, end);
  }
  waiting->base = commit.session->base();
  waiting->view = mount.views.of_session(commit.session);
  mount.sessions().commit(commit.session, commit.receipt, caller, end);
}

}  // namespace commitfs::fs
