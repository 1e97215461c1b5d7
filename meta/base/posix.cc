#include "meta/base/posix.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>

#include "meta/base/fault.h"

namespace commitfs::posix {
namespace {

/// Calls again for as long as a signal interrupts.
template <typename Call>
auto uninterrupted(Call call) {
  while (true) {
    const auto result = call();
    if (result >= 0 || errno != EINTR) return result;
  }
}

}  // namespace

Result<UniqueFd> open_at(int directory_fd, const std::string& path, int flags, mode_t mode) {
  const int fd =
      uninterrupted([&] { return ::openat(directory_fd, path.c_str(), flags | O_CLOEXEC, mode); });
  if (fd < 0) return fail_errno("open " + path);
  return UniqueFd(fd);
}

Result<void> make_directory_at(int directory_fd, const std::string& path, mode_t mode) {
  if (::mkdirat(directory_fd, path.c_str(), mode) < 0) return fail_errno("mkdir " + path);
  return {};
}

Result<void> link_at(int from_fd, const std::string& from, int to_fd, const std::string& to) {
  if (::linkat(from_fd, from.c_str(), to_fd, to.c_str(), 0) < 0)
    return fail_errno("link " + from + " -> " + to);
  return {};
}

Result<void> unlink_at(int directory_fd, const std::string& path, int flags) {
  if (::unlinkat(directory_fd, path.c_str(), flags) < 0) return fail_errno("unlink " + path);
  return {};
}

Result<struct stat> stat_fd(int fd) {
  struct stat attributes{};
  if (::fstat(fd, &attributes) < 0) return fail_errno("fstat");
  return attributes;
}

Result<struct stat> stat_at(int directory_fd, const std::string& path) {
  struct stat attributes{};
  if (::fstatat(directory_fd, path.c_str(), &attributes, AT_SYMLINK_NOFOLLOW) < 0)
    return fail_errno("stat " + path);
  return attributes;
}

Result<struct statvfs> statvfs_fd(int fd) {
  struct statvfs statistics{};
  if (uninterrupted([&] { return ::fstatvfs(fd, &statistics); }) < 0) return fail_errno("fstatvfs");
  return statistics;
}

Result<void> sync_data(int fd) {
  TRY(fault::point("posix.fdatasync"));
  if (uninterrupted([&] { return ::fdatasync(fd); }) < 0) return fail_errno("fdatasync");
  return {};
}

Result<void> sync_file(int fd) {
  TRY(fault::point("posix.fsync"));
  if (uninterrupted([&] { return ::fsync(fd); }) < 0) return fail_errno("fsync");
  return {};
}

Result<void> sync_file_system(int fd) {
  TRY(fault::point("posix.syncfs"));
  if (uninterrupted([&] { return ::syncfs(fd); }) < 0) return fail_errno("syncfs");
  return {};
}

Result<std::size_t> read_at(int fd, std::span<std::byte> buffer, off_t offset) {
  const ssize_t count =
      uninterrupted([&] { return ::pread(fd, buffer.data(), buffer.size(), offset); });
  if (count < 0) return fail_errno("pread");
  return static_cast<std::size_t>(count);
}

Result<void> write_all_at(int fd, std::span<const std::byte> bytes, off_t offset) {
  while (!bytes.empty()) {
    const ssize_t count =
        uninterrupted([&] { return ::pwrite(fd, bytes.data(), bytes.size(), offset); });
    if (count < 0) return fail_errno("pwrite");
    if (count == 0) return fail(EIO, "pwrite wrote nothing");
    bytes = bytes.subspan(static_cast<std::size_t>(count));
    offset += count;
  }
  return {};
}

Result<void> truncate(int fd, off_t size_bytes) {
  if (uninterrupted([&] { return ::ftruncate(fd, size_bytes); }) < 0)
    return fail_errno("ftruncate");
  return {};
}

Result<void> set_mtime(int fd, const timespec& mtime) {
  const timespec times[2] = {{.tv_sec = 0, .tv_nsec = UTIME_OMIT}, mtime};
  if (::futimens(fd, times) < 0) return fail_errno("futimens");
  return {};
}

Result<std::optional<off_t>> seek_data(int fd, off_t offset) {
  const off_t found = ::lseek(fd, offset, SEEK_DATA);
  if (found >= 0) return found;
  if (errno == ENXIO) return std::nullopt;
  return fail_errno("lseek SEEK_DATA");
}

Result<off_t> seek_hole(int fd, off_t offset) {
  const off_t found = ::lseek(fd, offset, SEEK_HOLE);
  if (found < 0) return fail_errno("lseek SEEK_HOLE");
  return found;
}

Result<void> reflink(int from_fd, int to_fd) {
  if (uninterrupted([&] { return ::ioctl(to_fd, FICLONE, from_fd); }) < 0)
    return fail_errno("FICLONE");
  return {};
}

Result<std::size_t> copy_range(int from_fd, int to_fd, off_t offset, std::size_t size_bytes) {
  off_t from = offset;
  off_t to = offset;
  const ssize_t count =
      uninterrupted([&] { return ::copy_file_range(from_fd, &from, to_fd, &to, size_bytes, 0); });
  if (count < 0) return fail_errno("copy_file_range");
  return static_cast<std::size_t>(count);
}

}  // namespace commitfs::posix
