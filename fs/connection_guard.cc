#include "fs/connection_guard.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

namespace commitfs::fs {
namespace {

constexpr int kParentDied = SIGUSR1;

/// What the process needs to know, made before it is: after the fork of a program with threads it
/// may call async-signal-safe functions only.
struct Connection {
  std::string mountpoint;
  std::string abort_file;
  unsigned device_major = 0;
  unsigned device_minor = 0;
};

/// The mount's device, as the kernel knows it without asking the daemon.
Result<Connection> describe(const std::filesystem::path& mountpoint) {
  struct statx root{};
  if (::statx(AT_FDCWD, mountpoint.c_str(), AT_STATX_DONT_SYNC, STATX_TYPE, &root) != 0) {
    return fail_errno("statx the mount");
  }
  return Connection{
      .mountpoint = mountpoint,
      .abort_file = fmt::format("/sys/fs/fuse/connections/{}/abort", root.stx_dev_minor),
      .device_major = root.stx_dev_major,
      .device_minor = root.stx_dev_minor};
}

bool abort_by_control_file(const Connection& connection) {
  const int file = ::open(connection.abort_file.c_str(), O_WRONLY | O_CLOEXEC);
  if (file < 0) return false;
  return ::write(file, "1", 1) == 1;
}

/// For root where fusectl is not mounted. The open descriptor keeps the mount itself in place.
void abort_by_forced_unmount(const Connection& connection) {
  const int root = ::open(connection.mountpoint.c_str(), O_PATH | O_CLOEXEC);
  struct statx found{};
  if (root < 0 || ::statx(root, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &found) != 0 ||
      found.stx_dev_major != connection.device_major ||
      found.stx_dev_minor != connection.device_minor) {
    return;
  }
  ::umount2(connection.mountpoint.c_str(), MNT_FORCE);
}

void note_signal(int) {}

/// All that the process does. Keeps one descriptor, and none of the daemon's: not its lock on the
/// table, not the connection.
[[noreturn]] void stand_by(const Connection& connection, int stop) {
  constexpr int kStop = 0;
  ::setsid();  // what is sent to the daemon's group is not for this one
  [[maybe_unused]] const int moved = ::chdir("/");
  ::dup2(stop, kStop);
  ::close_range(kStop + 1, ~0U, 0);
  ::prctl(PR_SET_NAME, "mount-guard");
  struct sigaction action{};
  action.sa_handler = note_signal;
  ::sigaction(kParentDied, &action, nullptr);
  sigset_t others;
  ::sigfillset(&others);
  ::sigprocmask(SIG_SETMASK, &others, nullptr);
  ::sigdelset(&others, kParentDied);
  ::prctl(PR_SET_PDEATHSIG, kParentDied);

  pollfd events{.fd = kStop, .events = POLLIN, .revents = 0};
  if (::ppoll(&events, 1, nullptr, &others) < 0 && !abort_by_control_file(connection)) {
    abort_by_forced_unmount(connection);
  }
  ::_exit(0);
}

}  // namespace

Result<std::unique_ptr<ConnectionGuard>> ConnectionGuard::start(
    const std::filesystem::path& mountpoint) {
  const Connection connection = TRY(describe(mountpoint));
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno("pipe2");
  UniqueFd reader(ends[0]);
  UniqueFd writer(ends[1]);
  const pid_t process = ::fork();
  if (process < 0) return fail_errno("fork");
  if (process == 0) stand_by(connection, reader.get());
  return std::unique_ptr<ConnectionGuard>(new ConnectionGuard(process, std::move(writer)));
}

ConnectionGuard::~ConnectionGuard() {
  stop_.reset();
  while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace commitfs::fs
