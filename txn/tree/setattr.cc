#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <limits>

#include "meta/base/posix.h"
#include "txn/tree/open.h"
#include "txn/tree_operations.h"

namespace commitfs::tree {
namespace {

Result<void> resize(const ObjectStore& store, ObjectId object, std::uint64_t size_bytes) {
  const UniqueFd body = TRY(store.open_body(object, O_WRONLY));
  return posix::truncate(body.get(), static_cast<off_t>(size_bytes));
}

/// truncate(2): as a writer that comes and goes.
Result<void> set_size(Session& session, InodeId inode, std::uint64_t size_bytes) {
  if (size_bytes > static_cast<std::uint64_t>(std::numeric_limits<off_t>::max())) {
    return fail(EFBIG, fmt::format("truncate {}", raw(inode)));
  }
  const Body body = TRY(open_for_writing(session, inode, size_bytes == 0));
  auto resized =
      size_bytes == 0 ? Result<void>{} : resize(*session.context().store, body.object, size_bytes);
  release_writer(session, inode);
  return resized;
}

/// The times of a staged body are its object's, so that writes the daemon does not see go on from
/// there.
Result<void> set_inode_times(const SessionData& data, ChangedInode& inode,
                             const SetAttributes& changes) {
  if (inode.body_staged) {
    const UniqueFd body = TRY(data.context.store->open_body(inode.record.object, O_WRONLY));
    TRY(set_times(body.get(), changes.atime_ns, changes.mtime_ns));
    if (inode.copied_ctime_ns != 0) inode.copied_ctime_ns = ChangedInode::kOnlyBytesTell;
  } else {
    if (changes.atime_ns) inode.record.atime_ns = *changes.atime_ns;
    if (changes.mtime_ns) inode.record.mtime_ns = *changes.mtime_ns;
  }
  inode.times_set = true;
  return {};
}

}  // namespace

Result<Attributes> setattr(Session& session, InodeId inode, const SetAttributes& changes) {
  if (changes.size_bytes) TRY(set_size(session, inode, *changes.size_bytes));
  return session.mutate([&](SessionData& data) -> Result<Attributes> {
    const bool more =
        changes.mode || changes.uid || changes.gid || changes.atime_ns || changes.mtime_ns;
    if (!more) return data.attributes(inode);
    ChangedInode* changed = TRY(data.edit_inode(inode));
    if (changes.atime_ns || changes.mtime_ns) TRY(set_inode_times(data, *changed, changes));
    InodeRecord& record = changed->record;
    if (changes.mode) {
      record.mode = (record.mode & S_IFMT) | (*changes.mode & 07777);
      changed->mode_set = true;
    }
    if (changes.uid) {
      record.uid = *changes.uid;
      changed->uid_set = true;
    }
    if (changes.gid) {
      record.gid = *changes.gid;
      changed->gid_set = true;
    }
    record.ctime_ns = data.now_ns();
    return data.attributes_of(*changed);
  });
}

}  // namespace commitfs::tree
