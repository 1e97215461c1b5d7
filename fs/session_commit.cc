#include "fs/session_commit.h"

#include "fs/mount_state.h"

namespace commitfs::fs {
namespace {

/// What is kept until the answer.
struct Waiting {
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
    mount.commits.end();
  }
};

}  // namespace

void commit_session(Request request, SessionCommit commit, ShowReceipt show, AnswerCommit answer) {
  Mount& mount = request.mount();
  if (!mount.commits.begin()) {
    return answer(request, CommitOutcome{.error = EAGAIN, .report = {}});
  }
  const Caller caller = request.caller();
  auto waiting = std::make_shared<Waiting>(
      Waiting{std::move(request), std::move(show), std::move(answer), nullptr, SeqNo::none});
  const auto end = [waiting](const CommitOutcome& outcome) { waiting->end(outcome); };
  if (commit.session == nullptr) {
    return mount.sessions().commit(commit.name, commit.receipt, caller, end);
  }
  waiting->base = commit.session->base();
  waiting->view = mount.views.of_session(commit.session);
  mount.sessions().commit(commit.session, commit.receipt, caller, end);
}

}  // namespace commitfs::fs
