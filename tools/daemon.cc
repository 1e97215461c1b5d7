#include "tools/daemon.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <string>
#include <string_view>

#include "meta/base/posix.h"

namespace commitfs {

std::optional<RunningDaemon> RunningDaemon::find(const std::filesystem::path& table) {
  const auto lock = posix::open_at(AT_FDCWD, table / ".commitfs/lock", O_RDONLY);
  if (!lock) return std::nullopt;
  // Nobody's if it can be shared. Only a mount of this table within these microseconds would
  // notice.
  if (::flock(lock->get(), LOCK_SH | LOCK_NB) == 0) return std::nullopt;
  std::array<std::byte, 32> buffer{};
  const auto size = posix::read_at(lock->get(), buffer, 0);
  if (!size) return std::nullopt;
  const char* text = reinterpret_cast<const char*>(buffer.data());
  pid_t pid = 0;
  const auto parsed = std::from_chars(text, text + *size, pid);
  if (parsed.ec != std::errc{} || pid <= 0) return std::nullopt;
  // Not glibc's pidfd_open: the header of 2.36 forgets extern "C".
  UniqueFd handle(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!handle) return std::nullopt;
  return RunningDaemon(pid, std::move(handle));
}

bool RunningDaemon::is_stuck_dead() const {
  const auto file = posix::open_at(AT_FDCWD, "/proc/" + std::to_string(pid_) + "/stat", O_RDONLY);
  if (!file) return false;
  std::array<std::byte, 512> buffer{};
  const auto size = posix::read_at(file->get(), buffer, 0);
  if (!size) return false;
  // The state comes after the name, which may hold anything. See proc_pid_stat(5).
  const std::string_view text(reinterpret_cast<const char*>(buffer.data()), *size);
  const auto name_end = text.rfind(')');
  return name_end != std::string_view::npos && text.substr(name_end).starts_with(") Z");
}

bool RunningDaemon::wait_for_end(std::chrono::steady_clock::time_point deadline) const {
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd poll{.fd = handle_.get(), .events = POLLIN, .revents = 0};
    const int timeout_ms = static_cast<int>(std::max<std::int64_t>(left.count(), 0));
    const int ready = ::poll(&poll, 1, timeout_ms);
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

}  // namespace commitfs
