#include "txn/tree/open.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>

#include "meta/base/fault.h"
#include "meta/base/posix.h"
#include "txn/early_detection.h"
#include "txn/file_time.h"
#include "txn/tree_operations.h"

namespace commitfs::tree {
namespace {

/// Kernels before 6.13 stamp changes with a clock that stands still for up to 10 ms.
constexpr TimeNs kCoarseClockNs = 20'000'000;

/// What an open found: the session's own body, of which it is a writer now, or a body to copy
/// first.
struct Found {
  ObjectId staged = ObjectId::none;
  InodeRecord origin;  ///< its mode is the inode's in both cases
};

Result<Found> join_writers(SessionData& data, InodeId id) {
  const auto record = TRY(data.find_inode(id));
  if (!record) return fail(ENOENT, fmt::format("open {}", raw(id)));
  if (record->is_directory()) return fail(EISDIR, fmt::format("open {}", raw(id)));
  if (!record->is_regular()) return fail(EINVAL, fmt::format("open {}", raw(id)));
  ChangedInode* inode = data.changes.find_inode_for_bookkeeping(id);
  if (inode == nullptr || !inode->body_staged) return Found{ObjectId::none, *record};
  data.add_writer(*inode);
  return Found{inode->record.object, *record};
}

struct NewBody {
  ObjectId object = ObjectId::none;
  TimeNs copied_ctime_ns = 0;
};

/// A copy shows no time of its own: it was not the program that made it.
Result<TimeNs> take_times(const UniqueFd& body, const InodeRecord& origin) {
  TRY(set_times(body.get(), origin.atime_ns, origin.mtime_ns));
  const TimeNs ctime_ns = to_ns(TRY(posix::stat_fd(body.get())).st_ctim);
  // A write in the same tick would leave both times as they are; then they prove nothing.
  return std::abs(ctime_ns - origin.mtime_ns) < kCoarseClockNs ? ChangedInode::kOnlyBytesTell
                                                               : ctime_ns;
}

Result<NewBody> make_body(const TableContext& context, const InodeRecord& origin, bool truncate) {
  const ObjectId object = TRY(context.ids->next_object());
  if (truncate) {
    TRY(context.store->create(object));
    return NewBody{object, 0};
  }
  const UniqueFd body =
      TRY(origin.object == ObjectId::none ? context.store->create(object)
                                          : context.store->clone(origin.object, object));
  auto copied_ctime_ns = take_times(body, origin);
  if (copied_ctime_ns) return NewBody{object, *copied_ctime_ns};
  (void)context.store->remove(object);
  return std::unexpected(copied_ctime_ns.error());
}

/// Makes the new body the inode's and counts its writer. False when another one came first, or the
/// origin changed.
Result<bool> install_body(SessionData& data, InodeId id, const InodeRecord& origin,
                          const NewBody& body) {
  const auto record = TRY(data.find_inode(id));
  if (!record) return fail(ENOENT, fmt::format("open {}", raw(id)));
  const ChangedInode* present = data.changes.find_inode(id);
  if (present != nullptr && present->body_staged) return false;
  if (record->object != origin.object || record->mtime_ns != origin.mtime_ns) return false;
  ChangedInode* inode = TRY(data.edit_inode(id));
  inode->record.object = body.object;
  inode->record.atime_ns = 0;
  inode->body_staged = true;
  inode->copied_ctime_ns = body.copied_ctime_ns;
  data.add_writer(*inode);
  return true;
}

Result<bool> install(Session& session, InodeId id, const InodeRecord& origin, const NewBody& body) {
  TRY(fault::point("open_for_writing.copied"));
  return session.mutate([&](SessionData& data) { return install_body(data, id, origin, body); });
}

Result<void> truncate_staged(Session& session, InodeId id, ObjectId object) {
  const UniqueFd body = TRY(session.context().store->open_body(object, O_WRONLY));
  TRY(posix::truncate(body.get(), 0));
  return session.mutate([&](SessionData& data) -> Result<void> {
    // Bytes that a failed sync lost are not the file's any more.
    if (ChangedInode* inode = data.changes.find_inode_for_bookkeeping(id)) inode->seal_error = 0;
    return {};
  });
}

}  // namespace

Result<Body> open_for_writing(Session& session, InodeId inode, bool truncate) {
  const TableContext& context = session.context();
  while (true) {
    const Found found =
        TRY(session.mutate([&](SessionData& data) { return join_writers(data, inode); }));
    if (found.staged != ObjectId::none) {
      auto truncated = truncate ? truncate_staged(session, inode, found.staged) : Result<void>{};
      if (truncated) return Body{found.staged, true, found.origin.mode};
      release_writer(session, inode);
      return std::unexpected(truncated.error());
    }
    TRY(detect_early(session, inode));
    const NewBody body = TRY(make_body(context, found.origin, truncate));
    const auto installed = install(session, inode, found.origin, body);
    if (installed && *installed) return Body{body.object, true, found.origin.mode};
    (void)context.store->remove(body.object);
    if (!installed) return std::unexpected(installed.error());
  }
}

void release_writer(Session& session, InodeId inode) {
  session.release_writer(inode);
}

void release_inode(Session& session, InodeId inode) {
  session.release_inode(inode);
}

void note_written(Session& session, InodeId inode) {
  session.note_written(inode);
}

void note_mappable(Session& session, InodeId inode) {
  session.note_mappable(inode);
}

Result<void> set_times(int fd, std::optional<TimeNs> atime_ns, std::optional<TimeNs> mtime_ns) {
  constexpr timespec kKeep{.tv_sec = 0, .tv_nsec = UTIME_OMIT};
  const timespec times[2] = {atime_ns ? to_timespec(*atime_ns) : kKeep,
                             mtime_ns ? to_timespec(*mtime_ns) : kKeep};
  if (::futimens(fd, times) < 0) return fail_errno("futimens");
  return {};
}

}  // namespace commitfs::tree
