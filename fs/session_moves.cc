#include "fs/session_moves.h"

#include <linux/fs.h>
#include <spdlog/spdlog.h>

#include "fs/fixed/directories.h"
#include "fs/mount_state.h"

namespace commitfs::fs {
namespace {

/// A receipt whose entry the kernel still has looks like a directory to move into: `mv sessions/a
/// commit/` then asks for commit/a/a, and means the same.
bool is_receipt_root(const Node& node) {
  if (node.fixed != nullptr || node.inode != InodeId::root) return false;
  return node.view->kind == ViewKind::receipt ||
         (node.view->kind == ViewKind::session &&
          node.view->session->state() == SessionState::committed);
}

struct Commit {
  std::shared_ptr<View> view;  ///< of the session, if it is open
  SeqNo base = SeqNo::none;
  NodeId new_parent = NodeId::none;
  std::string new_name;
};

/// After the answer the kernel shows what it remembers of the session at its new place. If other
/// versions came between base and head that is not all of the version, if another session of the same
/// token made it none of it; and a receipt below another one is at a place that is none.
void refresh_receipt(Mount& mount, const Commit& commit, const CommitOutcome& outcome) {
  const bool head_moved = raw(outcome.version) > raw(commit.base) + 1;
  const bool made_by_another = !outcome.made_version && outcome.version != commit.base;
  const bool misplaced = commit.new_parent != kCommitNode;
  if (!head_moved && !made_by_another && !misplaced) return;
  mount.notifier.post(
      [&mount, commit] { mount.refresh_session(commit.view, commit.new_parent, commit.new_name); });
}

void commit_session(Request request, const std::string& name, const Node& new_parent,
                    const std::string& new_name) {
  Mount& mount = request.mount();
  if (!mount.commits.begin()) return request.error(EAGAIN);
  auto commit = std::make_shared<Commit>(nullptr, SeqNo::none, new_parent.id, new_name);
  // None when it was committed already: asked again, the answer is the same.
  if (auto session = mount.sessions().find(name)) {
    commit->base = session->base();
    commit->view = mount.views.of_session(std::move(session));
  }
  const Caller caller = request.caller();
  auto waiting = std::make_shared<Request>(std::move(request));
  mount.sessions().commit(name, new_name, caller,
                          [&mount, waiting, commit](const CommitOutcome& outcome) {
                            if (outcome.error == 0 && commit->view != nullptr) {
                              // Whoever opens something from now on sees the version.
                              ++commit->view->epoch;
                              refresh_receipt(mount, *commit, outcome);
                            }
                            waiting->error(outcome.error);
                            mount.commits.end();
                          });
}

void discard_session(Request request, const std::string& name, const std::string& new_name) {
  Mount& mount = request.mount();
  auto session = mount.sessions().find(name);
  if (session == nullptr) return request.error(ENOENT);
  auto discarded = mount.sessions().discard(name, request.caller());
  if (discarded) {
    const auto view = mount.views.of_session(std::move(session));
    show_discarded(mount, new_name, view);
    mount.notifier.post(
        [&mount, view, new_name] { mount.refresh_session(view, kDiscardNode, new_name); });
  }
  request.done(discarded);
}

}  // namespace

void move_session(Request request, const std::string& name, const std::shared_ptr<Node>& new_parent,
                  const std::string& new_name, unsigned flags) {
  if ((flags & ~static_cast<unsigned>(RENAME_NOREPLACE)) != 0) return request.error(EPERM);
  if (new_parent->id == kSessionsNode) {
    return request.done(request.mount().sessions().rename(name, new_name));
  }
  if (new_parent->id == kCommitNode || is_receipt_root(*new_parent)) {
    return commit_session(std::move(request), name, *new_parent, new_name);
  }
  if (new_parent->id == kDiscardNode) return discard_session(std::move(request), name, new_name);
  request.error(Error{EPERM, "a session moves to commit/ or discard/ only"});
}

}  // namespace commitfs::fs
