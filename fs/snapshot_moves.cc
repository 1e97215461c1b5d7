#include "fs/snapshot_moves.h"

#include <linux/fs.h>

#include "fs/fixed/directories.h"
#include "fs/mount_state.h"
#include "fs/session_commit.h"
#include "fs/session_moves.h"

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
  request.error(EROFS);
}

}  // namespace commitfs::fs
