#pragma once

#include <sys/stat.h>

#include <optional>
#include <string>
#include <string_view>

#include "meta/base/unique_fd.h"
#include "txn/session.h"

/// What a program can do to a session's tree: one operation, one function, one file in txn/tree/,
/// each reading like its man page: guard clauses in the man page's order, then what it does. Names
/// are valid (1 to 255 bytes, no '/' or NUL). All errors are those of the system call of that name;
/// on an error nothing was changed. EROFS unless the session is open. Permission bits are the
/// kernel's business (default_permissions); ownership rules of new entries are ours: the caller's
/// uid and gid, the directory's gid below a setgid directory.
/// Nothing is durable before fsync or commit. Thread-safe.
namespace commitfs::tree {

struct NewFile {
  Attributes attributes;
  UniqueFd body;  ///< open for reading and writing
};

/// open(O_CREAT) of a name that is not there: a regular file with an empty body; counts as one
/// writer if `for_writing`. EEXIST, ENOENT, ENOTDIR, ENOSPC, ECANCELED (early detection).
Result<NewFile> create(Session& session, const Caller& caller, InodeId parent,
                       std::string_view name, mode_t mode, bool for_writing);
/// open(O_TMPFILE): a regular file without a name in `parent`, which `link` may give it one; counts
/// as one writer. ENOENT, ENOTDIR, ENOSPC.
Result<NewFile> create_unnamed(Session& session, const Caller& caller, InodeId parent, mode_t mode);
Result<Attributes> mknod(Session& session, const Caller& caller, InodeId parent,
                         std::string_view name, mode_t mode, dev_t rdev);
Result<Attributes> mkdir(Session& session, const Caller& caller, InodeId parent,
                         std::string_view name, mode_t mode);
Result<Attributes> symlink(Session& session, const Caller& caller, InodeId parent,
                           std::string_view name, std::string_view target);
/// EPERM for a directory, EMLINK beyond 65,000.
Result<Attributes> link(Session& session, InodeId inode, InodeId new_parent,
                        std::string_view new_name);
/// The inode stays readable for those who hold it open until `release_inode`. EISDIR for a
/// directory.
Result<void> unlink(Session& session, InodeId parent, std::string_view name);
Result<void> rmdir(Session& session, InodeId parent, std::string_view name);
/// renameat2(2); flags RENAME_NOREPLACE and RENAME_EXCHANGE.
Result<void> rename(Session& session, InodeId parent, std::string_view name, InodeId new_parent,
                    std::string_view new_name, unsigned flags);

/// What setattr changes; absent fields stay. Times: nanoseconds. Clearing of setuid bits was
/// decided by the caller.
struct SetAttributes {
  std::optional<mode_t> mode;  ///< permission bits
  std::optional<uid_t> uid;
  std::optional<gid_t> gid;
  std::optional<std::uint64_t> size_bytes;  ///< copies up first, but for 0
  std::optional<TimeNs> atime_ns;
  std::optional<TimeNs> mtime_ns;
};
/// An access control list follows the mode.
Result<Attributes> setattr(Session& session, InodeId inode, const SetAttributes& changes);
/// setxattr(2); flags XATTR_CREATE, XATTR_REPLACE. ERANGE beyond 255 bytes of name, E2BIG beyond 64
/// KiB of value. The value that is there already changes nothing.
Result<void> setxattr(Session& session, InodeId inode, std::string_view name,
                      std::string_view value, int flags);
/// Sets or removes one of an inode's access control lists; of the access list the mode follows, and
/// one that says no more than a mode is not kept. `drop_setgid`: the caller is neither privileged
/// nor in the file's group. EINVAL.
Result<void> set_acl(Session& session, InodeId inode, std::string_view name, std::string_view value,
                     bool drop_setgid);
/// ENODATA, but not for an access control list.
Result<void> removexattr(Session& session, InodeId inode, std::string_view name);

/// The body to read of a regular file in any tree; ObjectId::none is an empty one.
struct Body {
  ObjectId object = ObjectId::none;
  bool staged = false;
  mode_t mode = 0;  ///< the inode's; of a body that was opened for writing
};
/// Makes the inode's body the session's own: copied from the base once (reflink, else copy; without
/// the session's lock), or made empty when `truncate`. Counts one writer, to be given back by
/// `release_writer`, also through a commit or discard. EISDIR, ENOENT, EINVAL (not a regular file),
/// ENOSPC, ECANCELED (early detection, at the first of these opens).
Result<Body> open_for_writing(Session& session, InodeId inode, bool truncate);
/// Hands back one writer; with the last one the body is queued to be sealed in the background.
void release_writer(Session& session, InodeId inode);
/// The kernel holds the inode no longer: an unlinked one is forgotten and its body removed.
void release_inode(Session& session, InodeId inode);
/// Something was written by the daemon itself (no passthrough): the body is no longer sealed;
/// setuid bits are left to the kernel.
void note_written(Session& session, InodeId inode);
/// A handle past the daemon (passthrough) can map the body for writing: a commit must ask who still
/// does.
void note_mappable(Session& session, InodeId inode);

}  // namespace commitfs::tree
