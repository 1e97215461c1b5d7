#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <limits>

#include "meta/base/posix.h"
#include "txn/tree/acl.h"
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

/// The access control list of the inode after a chmod; empty when it has none.
Result<std::optional<std::string>> acl_after_chmod(const SessionData& data, InodeId inode,
                                                   std::optional<mode_t> mode) {
  if (!mode) return std::nullopt;
  const auto value = TRY(data.find_xattr(inode, acl::kAccess));
  if (!value) return std::nullopt;
  acl::List list = TRY(acl::parse(*value));
  acl::set_mode(list, *mode);
  return acl::format(list);
}

}  // namespace

Result<Attributes> setattr(Session& session, InodeId inode, const SetAttributes& changes) {
  if (changes.size_bytes) TRY(set_size(session, inode, *changes.size_bytes));
  return session.mutate([&](SessionData& data) -> Result<Attributes> {
    const bool more =
        changes.mode || changes.uid || changes.gid || changes.atime_ns || changes.mtime_ns;
    if (!more) return data.attributes(inode);
    auto access_acl = TRY(acl_after_chmod(data, inode, changes.mode));
    ChangedInode* changed = TRY(data.edit_inode(inode));
    if (changes.atime_ns || changes.mtime_ns) TRY(set_inode_times(data, *changed, changes));
    InodeRecord& record = changed->record;
    if (changes.mode) {
      record.mode = (record.mode & S_IFMT) | (*changes.mode & 07777);
      changed->mode_set = true;
      if (access_acl) data.changes.put_xattr({inode, std::string(acl::kAccess)}, access_acl);
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
