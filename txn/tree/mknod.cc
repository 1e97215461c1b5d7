#include <cerrno>

#include "txn/tree/entry.h"
#include "txn/tree_operations.h"

namespace commitfs::tree {

Result<Attributes> mknod(Session& session, const Caller& caller, InodeId parent,
                         std::string_view name, mode_t mode, dev_t rdev) {
  const mode_t permissions = mode & 07777;
  switch (mode & S_IFMT) {
    case 0:
    case S_IFREG:
      return TRY(create(session, caller, parent, name, mode, false)).attributes;
    case S_IFCHR:
    case S_IFBLK:
      return make_entry(session, caller, parent, name, (mode & S_IFMT) | permissions, rdev, {});
    case S_IFIFO:
    case S_IFSOCK:
      return make_entry(session, caller, parent, name, (mode & S_IFMT) | permissions, 0, {});
    case S_IFDIR:
      return fail(EPERM, "mknod of a directory");
    default:
      return fail(EINVAL, "mknod");
  }
}

}  // namespace commitfs::tree
