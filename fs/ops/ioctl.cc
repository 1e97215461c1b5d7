#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "fs/commit_ioctl.h"
#include "fs/events_ioctl.h"
#include "fs/fixed_node.h"
#include "fs/mount_state.h"
#include "fs/ops.h"
#include "fs/permission.h"
#include "fs/session_commit.h"

namespace commitfs::fs::ops {
namespace {

/// What a program handed over, checked. EINVAL.
Result<CommitIoctl> parse(const void* in, std::size_t in_size, std::size_t out_size) {
  CommitIoctl argument;
  if (in_size != sizeof argument || out_size != sizeof argument) return fail(EINVAL);
  std::memcpy(&argument, in, sizeof argument);
  if (argument.format != CommitIoctl::kFormat) return fail(EINVAL);
  if (std::ranges::any_of(argument.reserved, [](auto byte) { return byte != 0; })) {
    return fail(EINVAL);
  }
  if (std::ranges::find(argument.receipt, '\0') == std::end(argument.receipt)) return fail(EINVAL);
  return argument;
}

/// A rename into commit/ is checked by the kernel. EACCES.
Result<void> may_commit(const Request& request) {
  const auto directory = TRY(request.mount().find(kCommitNode));
  const struct stat attributes = TRY(directory->fixed->attributes());
  if (may_access(attributes, S_IWOTH | S_IXOTH, request.caller(), request.supplementary_groups()))
    return {};
  return fail(EACCES, "commit by who may not write to commit/");
}

void answer_commit(Request& request, const CommitOutcome& outcome) {
  CommitIoctl answer;
  answer.error = outcome.error;
  answer.seq_no = commitfs::raw(outcome.version);
  answer.made_version = outcome.made_version ? 1 : 0;
  request.controlled(outcome.error, &answer, sizeof answer);
}

void commit(Request request, const std::shared_ptr<Session>& session, const CommitIoctl& argument) {
  if (const auto allowed = may_commit(request); !allowed) {
    return answer_commit(request, CommitOutcome{.error = allowed.error().code, .report = {}});
  }
  const std::string name = session->name();
  const std::string receipt = argument.receipt[0] == '\0' ? name : argument.receipt;
  const auto show = [name, receipt](Mount& mount, const auto& view, bool differs) {
    mount.notifier.post([&mount, view, name, receipt, differs] {
      mount.move_session_to_receipt(view, name, receipt, differs);
    });
  };
  commit_session(std::move(request), {session, name, receipt}, show, answer_commit);
}

void end_events(Request request) {
  const uid_t caller = request.caller().uid;
  if (caller != 0 && caller != ::geteuid()) return request.error(EPERM);
  const std::uint64_t readers = request.mount().events.end_readers();
  request.controlled(0, &readers, sizeof readers);
}

}  // namespace

void ioctl(Request request, NodeId id, unsigned command, void*, fuse_file_info*, unsigned,
           const void* in, std::size_t in_size, std::size_t out_size) {
  if (id == NodeId::root && command == static_cast<unsigned>(kEndEventsIoctl))
    return end_events(std::move(request));
  const auto node = request.mount().find(id);
  if (!node) return request.error(node.error());
  const View& view = *(*node)->view;
  const bool is_session_root = view.kind == ViewKind::session && (*node)->fixed == nullptr &&
                               (*node)->inode == InodeId::root;
  if (!is_session_root || command != static_cast<unsigned>(kCommitIoctl)) {
    return request.error(ENOTTY);
  }
  const auto argument = parse(in, in_size, out_size);
  if (!argument) return request.error(argument.error());
  commit(std::move(request), view.session, *argument);
}

}  // namespace commitfs::fs::ops
