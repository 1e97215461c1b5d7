#include "txn/table_lock.h"

#include <fcntl.h>
#include <sys/file.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <string_view>
#include <thread>

#include "meta/base/fault.h"
#include "meta/base/posix.h"

namespace commitfs {
namespace {

constexpr char kLockName[] = "lock";

// A program that was killed while it started another leaves that with its descriptors until it has
// closed them, which is the first thing it does.
constexpr std::chrono::milliseconds kHeirLimit{10'000};
constexpr std::chrono::milliseconds kHeirPause{5};

/// What the holder wrote, where it is a number; it may be about to write it. Empty otherwise.
std::string pid_of_holder(int file) {
  std::array<char, 32> buffer{};
  const auto count = posix::read_at(file, std::as_writable_bytes(std::span(buffer)), 0);
  const std::string_view text(buffer.data(), count ? *count : 0);
  return std::string(text.substr(0, text.find_first_not_of("0123456789")));
}

std::string describe_holder(int file) {
  const std::string pid = pid_of_holder(file);
  return pid.empty() ? "another process" : "process " + pid;
}

/// The holder is no more, and what holds the lock will let go in a moment.
bool holder_died(int file) {
  const std::string text = pid_of_holder(file);
  pid_t pid = 0;
  const auto [stopped, code] = std::from_chars(text.data(), text.data() + text.size(), pid);
  return code == std::errc{} && pid > 0 && ::kill(pid, 0) != 0 && errno == ESRCH;
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
  const auto limit = std::chrono::steady_clock::now() + kHeirLimit;
  while (true) {
    UniqueFd file = TRY(posix::open_at(control_fd, kLockName, O_RDWR | O_CREAT | O_NOFOLLOW, 0600));
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EINTR) continue;
      if (errno != EWOULDBLOCK) return fail_errno("flock " + table + "/.commitfs/lock");
      if (holder_died(file.get()) && std::chrono::steady_clock::now() < limit) {
        TRY(fault::point("table_lock.holder_died"));
        std::this_thread::sleep_for(kHeirPause);
        continue;
      }
      return fail(
          EBUSY, "table " + table + " is mounted for committing by " + describe_holder(file.get()));
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
