#include "txn/tree/entry.h"

#include <fmt/format.h>

#include <cerrno>

#include "txn/tree/acl.h"

namespace commitfs::tree {
namespace {

/// Takes from the mode what the umask, or the list that it inherits, does not allow.
Result<void> inherit(const SessionData& data, const Caller& caller, InodeId directory,
                     NewInode& inode) {
  mode_t& mode = inode.changed.record.mode;
  if (S_ISLNK(mode)) return {};
  auto inherited = TRY(data.find_xattr(directory, acl::kDefault));
  if (!inherited) {
    mode &= ~caller.umask;
    return {};
  }
  acl::List list = TRY(acl::parse(*inherited));
  acl::restrict(list, mode);
  if (!acl::is_minimal(list)) inode.access_acl = acl::format(list);
  if (S_ISDIR(mode)) inode.default_acl = std::move(inherited);
  return {};
}

}  // namespace

Result<InodeRecord> directory_for_new_name(const SessionData& data, InodeId parent,
                                           std::string_view name) {
  InodeRecord directory = TRY(data.directory(parent));
  if (TRY(data.find_dirent(parent, name)))
    return fail(EEXIST, fmt::format("{}/{}", raw(parent), name));
  return directory;
}

Result<NewInode> new_inode(const SessionData& data, const Caller& caller,
                           const InodeRecord& directory, InodeId id, mode_t mode) {
  NewInode inode;
  inode.changed.made_here = true;
  InodeRecord& record = inode.changed.record;
  record.id = id;
  record.mode = mode;
  record.uid = caller.uid;
  record.gid = caller.gid;
  record.nlink = record.is_directory() ? 2 : 1;
  if ((directory.mode & S_ISGID) != 0) {
    record.gid = directory.gid;
    if (record.is_directory()) record.mode |= S_ISGID;
  }
  record.atime_ns = record.mtime_ns = record.ctime_ns = record.btime_ns = data.now_ns();
  TRY(inherit(data, caller, directory.id, inode));
  return inode;
}

ChangedInode& add_inode(SessionData& data, NewInode inode) {
  const InodeId id = inode.changed.record.id;
  ChangedInode& added = data.changes.add_inode(std::move(inode.changed));
  if (inode.access_acl) {
    data.changes.put_xattr({id, std::string(acl::kAccess)}, std::move(inode.access_acl));
  }
  if (inode.default_acl) {
    data.changes.put_xattr({id, std::string(acl::kDefault)}, std::move(inode.default_acl));
  }
  return added;
}

ChangedInode& add_entry(SessionData& data, const InodeRecord& directory, std::string_view name,
                        NewInode inode) {
  ChangedInode* parent = data.edit_inode(directory);
  ChangedInode& added = add_inode(data, std::move(inode));
  // What is new cannot be what the base has under that name.
  data.put_name({directory.id, std::string(name)}, added, InodeId::none);
  if (added.record.is_directory()) ++parent->record.nlink;
  touch_entries(*parent, added.record.btime_ns);
  return added;
}

void touch_entries(ChangedInode& directory, TimeNs now_ns) {
  directory.record.mtime_ns = now_ns;
  directory.record.ctime_ns = now_ns;
}

void drop_link(ChangedInode& inode, ChangedInode& directory, TimeNs now_ns) {
  if (inode.record.is_directory()) {
    inode.record.nlink = 0;
    --directory.record.nlink;
  } else {
    --inode.record.nlink;
  }
  inode.record.ctime_ns = now_ns;
}

Result<Attributes> make_entry(Session& session, const Caller& caller, InodeId parent,
                              std::string_view name, mode_t mode, dev_t rdev,
                              std::string_view symlink_target) {
  const InodeId id = TRY(session.context().ids->next_inode());
  return session.mutate([&](SessionData& data) -> Result<Attributes> {
    const InodeRecord directory = TRY(directory_for_new_name(data, parent, name));
    NewInode inode = TRY(new_inode(data, caller, directory, id, mode));
    InodeRecord& record = inode.changed.record;
    record.rdev = rdev;
    record.symlink_target = symlink_target;
    record.size_bytes = symlink_target.size();
    return data.attributes_of(add_entry(data, directory, name, std::move(inode)));
  });
}

}  // namespace commitfs::tree
