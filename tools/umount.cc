#include <fcntl.h>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <string>
#include <thread>
#include <utility>

#include "fs/events_ioctl.h"
#include "meta/base/unique_fd.h"
#include "tools/daemon.h"
#include "tools/holders.h"
#include "tools/mount_point.h"
#include "tools/text.h"
#include "tools/verb.h"

namespace commitfs {
namespace {

using Deadline = std::chrono::steady_clock::time_point;

constexpr std::size_t kMaxNamed = 20;
constexpr auto kRetryPause = std::chrono::milliseconds(50);
/// For programs that read the end of a file to end, or close it.
constexpr auto kEventsPause = std::chrono::seconds(5);

struct UmountArguments {
  std::filesystem::path mount_point;
  unsigned timeout_s = 30;
  bool lazy = false;
};

/// Exactly a mount point of ours: to unmount what merely lies around a path would surprise.
Result<MountEntry> find_mount(const std::filesystem::path& path) {
  const auto mounts = TRY(read_mounts());
  const auto point = TRY(resolve_mount_point(mounts, path));
  const MountEntry* mount = find_mount_at(mounts, point);
  if (mount != nullptr && mount->is_ours()) return *mount;
  if (mount != nullptr) {
    return fail(EINVAL, fmt::format("{} is not a commitfs mount point, its type is {}",
                                    point.native(), mount->type));
  }
  const MountEntry* around = find_mount_of(mounts, point);
  if (around != nullptr && around->is_ours()) {
    return fail(EINVAL, fmt::format("{} is not a mount point itself; did you mean {}?",
                                    point.native(), around->point.native()));
  }
  return fail(EINVAL, fmt::format("{} is not a mount point", point.native()));
}

/// A user's way: the helper is set-user-ID. What it complains of goes to our standard error.
Result<void> run_helper(const std::filesystem::path& point, bool lazy) {
  const pid_t child = ::fork();
  if (child < 0) return fail_errno("fork");
  if (child == 0) {
    ::execlp("fusermount3", "fusermount3", "-u", lazy ? "-zq" : "-q", "--", point.c_str(), nullptr);
    ::_exit(127);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
    return fail(ENOENT, "fusermount3 is not installed");
  }
  return fail(EBUSY, fmt::format("fusermount3 could not unmount {}", point.native()));
}

Result<void> unmount(const std::filesystem::path& point, bool lazy) {
  if (::geteuid() != 0) return run_helper(point, lazy);
  const int flags = UMOUNT_NOFOLLOW | (lazy ? MNT_DETACH : 0);
  if (::umount2(point.c_str(), flags) != 0) return fail_errno("umount " + point.native());
  return {};
}

/// Who keeps it busy, one a line; empty when nobody can be found.
std::string name_holders(const MountEntry& mount) {
  std::string text;
  if (const auto mounts = read_mounts()) {
    for (const MountEntry& other : *mounts) {
      if (other.point == mount.point || !is_within(other.point, mount.point)) continue;
      text += fmt::format("\n  {} is mounted in it, at {}", other.source, other.point.native());
    }
  }
  const std::vector<Holder> holders = find_holders(mount.point);
  for (std::size_t i = 0; i < std::min(holders.size(), kMaxNamed); ++i) {
    text += "\n  " + holders[i].describe();
  }
  if (holders.size() > kMaxNamed) {
    text += "\n  and " + format_count(holders.size() - kMaxNamed) + " more";
  }
  return text;
}

/// Ends every request that waits for a daemon that will not answer. True when that unmounted it.
bool abort_connection(const MountEntry& mount) {
  if (::geteuid() == 0) return ::umount2(mount.point.c_str(), MNT_FORCE) == 0;
  const std::string minor = mount.device.substr(mount.device.find(':') + 1);
  std::ofstream(fmt::format("/sys/fs/fuse/connections/{}/abort", minor)) << "1";
  return false;
}

/// Whoever waits for versions in `.commitfs/events` reads the end of it. True when somebody does,
/// and nobody that can be seen uses anything but control files.
bool end_events(const MountEntry& mount) {
  if (!find_holders(mount.point, "/proc", ".commitfs").empty()) return false;
  if (find_holders(mount.point).empty()) return false;
  const UniqueFd root(::open(mount.point.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  std::uint64_t readers = 0;
  return root && ::ioctl(root.get(), kEndEventsIoctl, &readers) == 0 && readers > 0;
}

/// Unmounts; while it is busy by nobody that can be named (a process that is just ending), tries
/// again until the deadline.
Result<void> unmount_by(const MountEntry& mount, bool lazy, Deadline deadline) {
  bool asked = lazy;
  if (lazy) end_events(mount);
  Deadline patience{};
  for (;;) {
    const auto unmounted = unmount(mount.point, lazy);
    if (unmounted) return {};
    if (unmounted.error().code != EBUSY) return fail_because(unmounted.error());
    if (!std::exchange(asked, true) && end_events(mount))
      patience = std::chrono::steady_clock::now() + kEventsPause;
    const std::string holders = name_holders(mount);
    if (!holders.empty() && std::chrono::steady_clock::now() >= patience)
      return fail(EBUSY, fmt::format("{} is busy:{}", mount.point.native(), holders));
    if (std::chrono::steady_clock::now() >= deadline) {
      return fail(
          EBUSY, fmt::format("{} is busy, by a process that cannot be seen{}", mount.point.native(),
                             ::geteuid() == 0 ? "" : "; ask as root who it is"));
    }
    std::this_thread::sleep_for(kRetryPause);
  }
}

std::string explain_survivor(const RunningDaemon& daemon, const MountEntry& mount,
                             unsigned timeout_s) {
  std::string text = fmt::format("unmounted, but its daemon (pid {}) still runs after {} s",
                                 daemon.pid(), timeout_s);
  const std::vector<Holder> others = find_other_namespaces(mount);
  if (!others.empty()) text += "; in another mount namespace " + others.front().describe();
  return text;
}

int run(const UmountArguments& arguments) {
  const auto mount = find_mount(arguments.mount_point);
  if (!mount) return fail_with(mount.error().context);
  const auto daemon = RunningDaemon::find(mount->source);
  const Deadline deadline =
      std::chrono::steady_clock::now() + std::chrono::seconds(arguments.timeout_s);
  const bool aborted = daemon && daemon->is_stuck_dead() && abort_connection(*mount);
  const auto unmounted = aborted ? Result<void>() : unmount_by(*mount, arguments.lazy, deadline);
  if (!unmounted) return fail_with(unmounted.error().context);
  if (!daemon) return kSucceeded;
  if (arguments.lazy) {
    fmt::print("detached; the daemon (pid {}) ends when nobody uses it any more\n", daemon->pid());
    return kSucceeded;
  }
  if (!daemon->wait_for_end(deadline)) {
    return fail_with(explain_survivor(*daemon, *mount, arguments.timeout_s));
  }
  return kSucceeded;
}

}  // namespace

Verb make_umount_verb(CLI::App& program) {
  CLI::App* command =
      program.add_subcommand("umount", "Unmount a table and wait until its daemon is gone");
  auto arguments = std::make_shared<UmountArguments>();
  command->add_option("MOUNTPOINT", arguments->mount_point, "Where it is mounted")->required();
  command->add_option("--timeout", arguments->timeout_s, "Seconds to wait")
      ->check(CLI::Range(0, 86'400))
      ->capture_default_str();
  command->add_flag("-l,--lazy", arguments->lazy,
                    "Detach it now; the daemon ends with its last user");
  command->footer(
      R"(Open sessions are kept: they are there again at the next mount. A mount in use stays as it is, and the
processes that use it are named:

  commitfs: /mnt/sales is busy:
    1234 (bash) has its working directory in sessions/nightly

It works on the mount of a daemon that died, too.

Example:
  commitfs umount /mnt/sales)");
  return {.command = command, .run = [arguments] { return run(*arguments); }};
}

}  // namespace commitfs
