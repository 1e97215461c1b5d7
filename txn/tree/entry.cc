#include "txn/tree/entry.h"

#include <fmt/format.h>

#include <cerrno>

namespace commitfs::tree {

Result<InodeRecord> directory_for_new_name(const SessionData& data, InodeId parent,
                                           std::string_view name) {
  InodeRecord directory = TRY(data.directory(parent));
  if (TRY(data.find_dirent(parent, name)))
    return fail(EEXIST, fmt::format("{}/{}", raw(parent), name));
  return directory;
}

ChangedInode new_inode(const SessionData& data, const Caller& caller, const InodeRecord& directory,
                       InodeId id, mode_t mode) {
  ChangedInode inode;
  inode.made_here = true;
  InodeRecord& record = inode.record;
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
  return inode;
}

ChangedInode& add_entry(SessionData& data, const InodeRecord& directory, std::string_view name,
                        ChangedInode inode) {
  ChangedInode* parent = data.edit_inode(directory);
  ChangedInode& added = data.changes.add_inode(std::move(inode));
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
    ChangedInode inode = new_inode(data, caller, directory, id, mode);
    inode.record.rdev = rdev;
    inode.record.symlink_target = symlink_target;
    inode.record.size_bytes = symlink_target.size();
    return data.attributes_of(add_entry(data, directory, name, std::move(inode)));
  });
}

}  // namespace commitfs::tree
