#include "txn/past/plain_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "meta/base/posix.h"
#include "txn/file_time.h"

namespace commitfs::past {
namespace {

/// Of a namespace that a table keeps and the system does not fill in by itself.
bool is_kept(std::string_view xattr) {
  return xattr.starts_with("user.") || xattr.starts_with("trusted.") ||
         xattr.starts_with("system.posix_acl_") || xattr == "security.capability";
}

const std::string* value_of(const XattrReader::Xattrs& xattrs, const std::string& name) {
  const auto found = std::ranges::find(xattrs, name, &std::pair<std::string, std::string>::first);
  return found == xattrs.end() ? nullptr : &found->second;
}

}  // namespace

std::string descriptor_path(int fd) {
  return "/proc/self/fd/" + std::to_string(fd);
}

template <typename Call>
Result<void> PlainAttributes::attempt(const char* what, Call call) {
  if (call() == 0) return {};
  const bool refused = errno == EPERM || errno == EACCES || errno == EOPNOTSUPP;
  if (!refused) return fail_errno(what);
  ++left_out_;
  return {};
}

Result<void> PlainAttributes::set(SeqNo version, const InodeRecord& inode, int parent,
                                  const std::string& name) {
  const struct stat before = TRY(posix::stat_at(parent, name));
  // The owner first: changing it takes set-ID bits away.
  if (before.st_uid != inode.uid || before.st_gid != inode.gid) {
    TRY(attempt("chown", [&] {
      return ::fchownat(parent, name.c_str(), inode.uid, inode.gid, AT_SYMLINK_NOFOLLOW);
    }));
  }
  const auto xattrs = TRY(reader_.read(parent, name));
  TRY(set_xattrs(version, inode.id, descriptor_path(parent) + '/' + name, xattrs));
  const struct stat now = TRY(posix::stat_at(parent, name));
  if (!S_ISLNK(inode.mode) && (now.st_mode & 07777) != (inode.mode & 07777)) {
    TRY(attempt("chmod", [&] { return ::fchmodat(parent, name.c_str(), inode.mode & 07777, 0); }));
  }
  if (to_ns(now.st_mtim) == inode.mtime_ns && to_ns(now.st_atim) == inode.atime_ns) return {};
  const timespec times[2] = {to_timespec(inode.atime_ns), to_timespec(inode.mtime_ns)};
  return attempt("utimens",
                 [&] { return ::utimensat(parent, name.c_str(), times, AT_SYMLINK_NOFOLLOW); });
}

Result<void> PlainAttributes::set_xattrs(SeqNo version, InodeId inode, const std::string& path,
                                         const XattrReader::Xattrs& now) {
  const auto wanted = TRY(catalog_.list_xattrs(version, inode));
  for (const auto& [name, value] : now) {
    if (!is_kept(name) || value_of(wanted, name) != nullptr) continue;
    TRY(attempt("removexattr",
                [&, &key = name] { return ::lremovexattr(path.c_str(), key.c_str()); }));
  }
  for (const auto& [name, value] : wanted) {
    const std::string* there = value_of(now, name);
    if (there != nullptr && *there == value) continue;
    TRY(attempt("setxattr", [&, &key = name, &bytes = value] {
      return ::lsetxattr(path.c_str(), key.c_str(), bytes.data(), bytes.size(), 0);
    }));
  }
  return {};
}

Result<bool> make_special_file(const InodeRecord& inode, int parent, const std::string& name) {
  if (S_ISLNK(inode.mode)) {
    if (::symlinkat(inode.symlink_target.c_str(), parent, name.c_str()) != 0)
      return fail_errno("symlink");
    return true;
  }
  const mode_t type = inode.mode & S_IFMT;
  if (::mknodat(parent, name.c_str(), type | 0600, inode.rdev) == 0) return true;
  if (errno != EPERM) return fail_errno("mknod");
  return false;
}

}  // namespace commitfs::past
