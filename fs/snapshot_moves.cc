#include "fs/snapshot_moves.h"

#include <linux/fs.h>

#include "fs/fixed/directories.h"
#include "fs/mount_state.h"
#include "fs/session_commit.h"
#include "fs/session_moves.h"
#include "txn/past/expiry.h"

namespace commitfs::fs {
namespace {

/// After the answer the kernel shows the version's own directory at the receipt's place. Dropped
/// there, the receipt is found; and looked up anew, the version is back where it belongs, with
/// whoever works in it.
void put_back(Mount& mount, NodeId new_parent, const std::string& new_name,
              const std::string& name) {
  mount.notifier.post([&mount, new_parent, new_name, name] {
    mount.kernel.drop_entry(new_parent, new_name);
    mount.kernel.look_up(std::filesystem::path("snapshots") / name);
    mount.kernel.look_up(std::filesystem::path("commit") / new_name);
  });
}

void restore(Request request, SeqNo version, const std::string& name, NodeId new_parent,
             const std::string& new_name) {
  Mount& mount = request.mount();
  auto session = mount.sessions().begin_restore(new_name, version, request.caller());
  if (!session) return request.error(session.error());
  const auto show = [new_parent, new_name, name](Mount& shown, const auto&, bool) {
    put_back(shown, new_parent, new_name, name);
  };
  commit_session(
      std::move(request), {*std::move(session), new_name, new_name}, show,
      [](Request& waiting, const CommitOutcome& outcome) { waiting.error(outcome.error); });
}

/// An empty directory, for programs that look at what they have moved.
std::shared_ptr<View> make_gone_view(const Mount& mount) {
  InodeRecord root;
  root.id = InodeId::root;
  root.mode = S_IFDIR | S_IRUSR | S_IXUSR;
  root.nlink = 2;
  root.atime_ns = root.mtime_ns = root.ctime_ns = root.btime_ns = mount.now_ns();
  auto view = std::make_shared<View>();
  view->kind = ViewKind::snapshot;
  view->tree = make_empty_tree(std::move(root));
  return view;
}

void expire(Request request, SeqNo version, const std::string& new_name) {
  Mount& mount = request.mount();
  const auto expired = mount.table.expiry().expire(version);
  if (expired) {
    show_discarded(mount, new_name, make_gone_view(mount));
    mount.notifier.post([&mount, new_name] { mount.kernel.drop_entry(kDiscardNode, new_name); });
  }
  request.done(expired);
}

}  // namespace

void move_snapshot(Request request, const std::string& name,
                   const std::shared_ptr<Node>& new_parent, const std::string& new_name,
                   unsigned flags) {
  const auto version = parse_version_number(name);
  const bool known = (flags & ~static_cast<unsigned>(RENAME_NOREPLACE)) == 0;
  if (!version || !known) return request.error(EPERM);
  Mount& mount = request.mount();
  if (new_parent->id == kCommitNode || is_receipt_root(*new_parent)) {
    mount.executor.post(
        [request = std::move(request), version = *version, name, new_parent = new_parent->id,
         new_name]() mutable { restore(std::move(request), version, name, new_parent, new_name); });
    return;
  }
  if (new_parent->id == kDiscardNode) {
    mount.executor.post([request = std::move(request), version = *version, new_name]() mutable {
      expire(std::move(request), version, new_name);
    });
    return;
  }
  request.error(EROFS);
}

}  // namespace commitfs::fs
