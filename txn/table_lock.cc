#include "txn/table_lock.h"

#include <fcntl.h>
#include <sys/file.h>

#include <array>
#include <cerrno>
#include <string_view>

#include "meta/base/posix.h"

namespace commitfs {
namespace {

constexpr char kLockName[] = "lock";

/// What the holder wrote, where it is a number; it may be about to write it.
std::string holder_of(int file) {
  std::array<char, 32> buffer{};
  const auto count = posix::read_at(file, std::as_writable_bytes(std::span(buffer)), 0);
  std::string_view text(buffer.data(), count ? *count : 0);
  text = text.substr(0, text.find_first_not_of("0123456789"));
  return text.empty() ? "another process" : "process " + std::string(text);
}

Result<void> write_pid(int file) {
  const std::string text = std::to_string(::getpid()) + '\n';
  TRY(posix::truncate(file, 0));
  return posix::write_all_at(file, std::as_bytes(std::span(text)), 0);
}

/// Whether `file` still has the name: its holder may have removed it just before it gave the lock
/// back.
Result<bool> is_current(int control_fd, int file) {
  const struct stat mine = TRY(posix::stat_fd(file));
  const auto named = posix::stat_at(control_fd, kLockName);
  if (!named && named.error().code == ENOENT) return false;
  if (!named) return std::unexpected(named.error());
  return named->st_ino == mine.st_ino && named->st_dev == mine.st_dev;
}

}  // namespace

Result<TableLock> TableLock::take(int control_fd, const std::string& table) {
  while (true) {
    UniqueFd file = TRY(posix::open_at(control_fd, kLockName, O_RDWR | O_CREAT | O_NOFOLLOW, 0600));
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EINTR) continue;
      if (errno != EWOULDBLOCK) return fail_errno("flock " + table + "/.commitfs/lock");
      return fail(EBUSY,
                  "table " + table + " is mounted for committing by " + holder_of(file.get()));
    }
    if (!TRY(is_current(control_fd, file.get()))) continue;
    TRY(write_pid(file.get()));
    return TableLock(std::move(file));
  }
}

void TableLock::remove(int control_fd) && {
  // Best effort: a lock file that stays is harmless.
  (void)posix::unlink_at(control_fd, kLockName);
  file_.reset();
}

}  // namespace commitfs
