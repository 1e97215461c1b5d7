#include "fs/session_moves.h"

#include <linux/fs.h>
#include <spdlog/spdlog.h>

#include "fs/fixed/directories.h"
#include "fs/mount_state.h"
#include "fs/session_commit.h"

namespace commitfs::fs {
namespace {

/// After the answer the kernel shows what it remembers of the session at its new place. If other
/// versions came between base and head that is not all of the version, if another session of the
/// same token made it none of it; and a receipt below another one is at a place that is none.
void commit_by_rename(Request request, const std::string& name, const Node& new_parent,
                      const std::string& new_name) {
  auto session = request.mount().sessions().find(name);
  const auto show = [parent = new_parent.id, new_name](Mount& mount, const auto& view,
                                                       bool differs) {
    if (!differs && parent == kCommitNode) return;
    mount.notifier.post(
        [&mount, view, parent, new_name] { mount.refresh_session(view, parent, new_name); });
  };
  commit_session(
      std::move(request), {std::move(session), name, new_name}, show,
      [](Request& waiting, const CommitOutcome& outcome) { waiting.error(outcome.error); });
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

bool is_receipt_root(const Node& node) {
  if (node.fixed != nullptr || node.inode != InodeId::root) return false;
  return node.view->kind == ViewKind::receipt ||
         (node.view->kind == ViewKind::session &&
          node.view->session->state() == SessionState::committed);
}

void move_session(Request request, const std::string& name, const std::shared_ptr<Node>& new_parent,
                  const std::string& new_name, unsigned flags) {
  if ((flags & ~static_cast<unsigned>(RENAME_NOREPLACE)) != 0) return request.error(EPERM);
  if (new_parent->id == kSessionsNode) {
    return request.done(request.mount().sessions().rename(name, new_name));
  }
  if (new_parent->id == kCommitNode || is_receipt_root(*new_parent)) {
    return commit_by_rename(std::move(request), name, *new_parent, new_name);
  }
  if (new_parent->id == kDiscardNode) return discard_session(std::move(request), name, new_name);
  request.error(Error{EPERM, "a session moves to commit/ or discard/ only"});
}

}  // namespace commitfs::fs
