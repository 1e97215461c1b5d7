#include "txn/hooks/hook_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include "meta/base/unique_fd.h"

namespace commitfs::hooks {
namespace {

struct Ends {
  UniqueFd ours;
  UniqueFd theirs;
};

/// A socket and not a pipe: writing to a program that reads no more must not raise SIGPIPE.
Result<Ends> make_channel() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return fail_errno("socketpair");
  }
  return Ends{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

/// posix_spawn(3) and the structures it wants.
class Spawner {
 public:
  Spawner() {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
  }
  ~Spawner() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  Spawner(const Spawner&) = delete;
  Spawner& operator=(const Spawner&) = delete;

  Result<pid_t> spawn(const HookProcess& process, int input, int output) {
    ::posix_spawn_file_actions_adddup2(&actions_, input, STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, output, STDERR_FILENO);
    // Before anything that may wait, as entering a directory of the mount does: if the program dies
    // now, the table's lock and the connection are not to live on in its child.
    ::posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
    ::posix_spawn_file_actions_addchdir_np(&actions_, process.working_directory.c_str());
    start_as_from_a_shell();
    std::vector<char*> environment = environment_of(process);
    const std::array<char*, 2> arguments = {const_cast<char*>(process.program.c_str()), nullptr};
    pid_t child = -1;
    const int error = ::posix_spawn(&child, process.program.c_str(), &actions_, &attributes_,
                                    arguments.data(), environment.data());
    if (error != 0) return fail(error, "run " + process.program.native());
    return child;
  }

 private:
  /// A group of its own, no signal blocked, none ignored.
  void start_as_from_a_shell() {
    sigset_t none;
    ::sigemptyset(&none);
    sigset_t all;
    ::sigfillset(&all);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }

  static std::vector<char*> environment_of(const HookProcess& process) {
    std::vector<char*> all;
    for (char** one = ::environ; one != nullptr && *one != nullptr; ++one)
      all.push_back(*one);
    for (const std::string& one : process.environment)
      all.push_back(const_cast<char*>(one.c_str()));
    all.push_back(nullptr);
    return all;
  }

  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

/// Feeds and hears one child until it ends.
class Conversation {
 public:
  Conversation(pid_t child, UniqueFd ended, UniqueFd channel_in, UniqueFd channel_out,
               const HookProcess& process)
      : child_(child),
        ended_(std::move(ended)),
        input_(std::move(channel_in)),
        output_(std::move(channel_out)),
        rest_(process.input),
        deadline_(Clock::now() + process.timeout) {}

  HookExit hold() {
    send();
    while (!wait_for_event()) {
      send();
      receive();
    }
    if (exit_.timed_out) ::kill(-child_, SIGKILL);
    int status = 0;
    while (::waitpid(child_, &status, 0) < 0 && errno == EINTR) {
    }
    receive();
    exit_.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return std::move(exit_);
  }

 private:
  using Clock = std::chrono::steady_clock;

  /// True when the child has ended, or its time has.
  bool wait_for_event() {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - Clock::now()).count();
    exit_.timed_out = left <= 0;
    if (exit_.timed_out) return true;
    std::array<pollfd, 3> events = {pollfd{ended_.get(), POLLIN, 0},
                                    pollfd{output_.get(), POLLIN, 0},
                                    pollfd{rest_.empty() ? -1 : input_.get(), POLLOUT, 0}};
    constexpr auto kLongestWait_ms = std::chrono::milliseconds::rep{60'000};
    ::poll(events.data(), events.size(), static_cast<int>(std::min(left, kLongestWait_ms)));
    return events[0].revents != 0;
  }

  void send() {
    while (!rest_.empty()) {
      const auto sent =
          ::send(input_.get(), rest_.data(), rest_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      if (sent < 0 && errno == EAGAIN) return;
      rest_.remove_prefix(sent < 0 ? rest_.size() : static_cast<std::size_t>(sent));
    }
    input_.reset();
  }

  void receive() {
    std::array<char, 4096> bytes{};
    while (output_) {
      const auto got = ::recv(output_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
      if (got < 0 && errno == EAGAIN) return;
      if (got <= 0) return output_.reset();
      const std::size_t room = HookExit::kOutputMaxBytes - exit_.output.size();
      exit_.output.append(bytes.data(), std::min(room, static_cast<std::size_t>(got)));
    }
  }

  const pid_t child_;
  UniqueFd ended_;
  UniqueFd input_;
  UniqueFd output_;
  std::string_view rest_;
  const Clock::time_point deadline_;
  HookExit exit_;
};

}  // namespace

Result<HookExit> run(const HookProcess& process) {
  Ends input = TRY(make_channel());
  Ends output = TRY(make_channel());
  const pid_t child = TRY(Spawner().spawn(process, input.theirs.get(), output.theirs.get()));
  input.theirs.reset();
  output.theirs.reset();
  UniqueFd ended(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
  if (!ended) {
    const int code = errno;
    ::kill(-child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    return fail(code, "pidfd_open");
  }
  return Conversation(child, std::move(ended), std::move(input.ours), std::move(output.ours),
                      process)
      .hold();
}

}  // namespace commitfs::hooks
