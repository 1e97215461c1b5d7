#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "txn/session.h"

/// What operations that make or remove names have in common. Used under the session's lock.
namespace commitfs::tree {

/// The directory in which `name` can be made. ENOENT, ENOTDIR, EEXIST.
Result<InodeRecord> directory_for_new_name(const SessionData& data, InodeId parent,
                                           std::string_view name);

struct NewInode {
  ChangedInode changed;
  std::optional<std::string> access_acl;
  std::optional<std::string> default_acl;
};

/// The inode that `caller` makes in `directory`: theirs, but for the group below a setgid
/// directory, which directories made there hand on. (Clearing S_ISGID of a file whose maker is not
/// in the group is the kernel's business.) Where the directory has a default access control list
/// the inode inherits it, otherwise the umask applies. Source: inode(7), "S_ISGID"; acl(5), "OBJECT
/// CREATION AND DEFAULT ACLs"; Linux inode_init_owner.
Result<NewInode> new_inode(const SessionData& data, const Caller& caller,
                           const InodeRecord& directory, InodeId id, mode_t mode);

/// Makes the inode, which must come from `new_inode`, one of the session's. Cannot fail.
ChangedInode& add_inode(SessionData& data, NewInode inode);
/// The same, and gives it its name. Cannot fail.
ChangedInode& add_entry(SessionData& data, const InodeRecord& directory, std::string_view name,
                        NewInode inode);

/// An entry appeared in, or went from, the directory.
void touch_entries(ChangedInode& directory, TimeNs now_ns);
/// One name of `inode`, which stood in `directory`, is gone: link counts and times follow.
void drop_link(ChangedInode& inode, ChangedInode& directory, TimeNs now_ns);

/// All that a new name of any kind costs but the body: the same for mknod, mkdir and symlink.
Result<Attributes> make_entry(Session& session, const Caller& caller, InodeId parent,
                              std::string_view name, mode_t mode, dev_t rdev,
                              std::string_view symlink_target);

}  // namespace commitfs::tree
