#pragma once

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "meta/base/error.h"
#include "meta/base/unique_fd.h"

/// One thin wrapper per system call: errno as a value, EINTR retried where the call can be
/// repeated. Every descriptor made here is close-on-exec. All are thread-safe as the calls they
/// wrap.
namespace commitfs::posix {

/// openat(2). O_CLOEXEC is added.
Result<UniqueFd> open_at(int directory_fd, const std::string& path, int flags, mode_t mode = 0);
/// mkdirat(2).
Result<void> make_directory_at(int directory_fd, const std::string& path, mode_t mode);
/// linkat(2) without AT_SYMLINK_FOLLOW: a symbolic link is linked itself.
Result<void> link_at(int from_fd, const std::string& from, int to_fd, const std::string& to);
/// unlinkat(2). `flags`: 0 or AT_REMOVEDIR.
Result<void> unlink_at(int directory_fd, const std::string& path, int flags = 0);

Result<struct stat> stat_fd(int fd);
/// fstatat(2) with AT_SYMLINK_NOFOLLOW.
Result<struct stat> stat_at(int directory_fd, const std::string& path);
Result<struct statvfs> statvfs_fd(int fd);

/// The next three are fault points: posix.fdatasync, posix.fsync, posix.syncfs.
/// fdatasync(2): durable bytes and size when it returns. After an error the bytes may be lost: do
/// not try again.
Result<void> sync_data(int fd);
/// fsync(2); of a directory: its entries.
Result<void> sync_file(int fd);
/// syncfs(2): everything of the file system below `fd`.
Result<void> sync_file_system(int fd);

/// pread(2): the bytes read, 0 at the end of the file.
Result<std::size_t> read_at(int fd, std::span<std::byte> buffer, off_t offset);
/// pwrite(2), repeated until all is written.
Result<void> write_all_at(int fd, std::span<const std::byte> bytes, off_t offset);
Result<void> truncate(int fd, off_t size_bytes);
/// futimens(2) of the modification time only.
Result<void> set_mtime(int fd, const timespec& mtime);

/// lseek(2) SEEK_DATA: the next byte of data at or after `offset`; empty when only a hole follows.
Result<std::optional<off_t>> seek_data(int fd, off_t offset);
/// lseek(2) SEEK_HOLE: the next hole at or after `offset`; the end of the file counts as one.
Result<off_t> seek_hole(int fd, off_t offset);
/// FICLONE. Errors: EOPNOTSUPP, EXDEV, EINVAL, ENOTTY when these two files cannot share blocks.
Result<void> reflink(int from_fd, int to_fd);
/// copy_file_range(2) at the same offset in both: the bytes copied, 0 at the end of the file.
Result<std::size_t> copy_range(int from_fd, int to_fd, off_t offset, std::size_t size_bytes);

}  // namespace commitfs::posix
