#include "txn/file_attributes.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstring>

namespace commitfs {
namespace {

TimeNs to_ns(const struct statx_timestamp& time) {
  return TimeNs{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

Result<std::string> read_link(int directory_fd, const std::string& name) {
  std::array<char, PATH_MAX> target{};
  const ssize_t count = ::readlinkat(directory_fd, name.c_str(), target.data(), target.size());
  if (count < 0) return fail_errno("readlink " + name);
  return std::string(target.data(), static_cast<std::size_t>(count));
}

/// Attributes that are not for us, or went away, are not there.
bool means_absent(int error) {
  return error == ENOTSUP || error == EACCES || error == EPERM || error == ENODATA;
}

}  // namespace

Result<FileAttributes> read_attributes(int directory_fd, const std::string& name) {
  struct statx status{};
  if (::statx(directory_fd, name.c_str(), AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT,
              STATX_BASIC_STATS | STATX_BTIME, &status) != 0) {
    return fail_errno("stat " + name);
  }
  FileAttributes out;
  out.device = makedev(status.stx_dev_major, status.stx_dev_minor);
  out.number = status.stx_ino;
  InodeRecord& inode = out.inode;
  inode.mode = status.stx_mode;
  inode.uid = status.stx_uid;
  inode.gid = status.stx_gid;
  inode.nlink = status.stx_nlink;
  if (S_ISCHR(inode.mode) || S_ISBLK(inode.mode))
    inode.rdev = makedev(status.stx_rdev_major, status.stx_rdev_minor);
  if (!inode.is_directory()) inode.size_bytes = status.stx_size;
  inode.atime_ns = to_ns(status.stx_atime);
  inode.mtime_ns = to_ns(status.stx_mtime);
  inode.ctime_ns = to_ns(status.stx_ctime);
  if ((status.stx_mask & STATX_BTIME) != 0) inode.btime_ns = to_ns(status.stx_btime);
  if (S_ISLNK(inode.mode)) inode.symlink_target = TRY(read_link(directory_fd, name));
  return out;
}

Result<XattrReader::Xattrs> XattrReader::read(int directory_fd, const std::string& name) {
  // There is no call for a name in a directory before Linux 6.13; opening the file would block on a
  // FIFO, need read permission, and follow links.
  const std::string path = fmt::format("/proc/self/fd/{}/{}", directory_fd, name);
  const ssize_t names_bytes = ::llistxattr(path.c_str(), names_.data(), names_.size());
  if (names_bytes < 0 && means_absent(errno)) return Xattrs{};
  if (names_bytes < 0) return fail_errno("listxattr " + name);
  Xattrs xattrs;
  const char* const end = names_.data() + names_bytes;
  for (const char* one = names_.data(); one < end; one += std::strlen(one) + 1) {
    const ssize_t value_bytes = ::lgetxattr(path.c_str(), one, value_.data(), value_.size());
    if (value_bytes < 0 && means_absent(errno)) continue;
    if (value_bytes < 0) return fail_errno(fmt::format("getxattr {} of {}", one, name));
    xattrs.emplace_back(one, std::string(value_.data(), static_cast<std::size_t>(value_bytes)));
  }
  return xattrs;
}

}  // namespace commitfs
