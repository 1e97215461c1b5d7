#include "tools/command_signals.h"

#include <sys/wait.h>

#include <array>
#include <cerrno>

namespace commitfs {
namespace {

constexpr std::array kForwarded = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};

bool is_ignored(int signal) {
  struct sigaction action{};
  return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

/// What the terminal sends, it sends to the command as well.
bool came_from_terminal(const siginfo_t& info) {
  return info.si_code == SI_KERNEL;
}

timespec to_timespec(std::chrono::nanoseconds duration) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration);
  return {.tv_sec = seconds.count(), .tv_nsec = (duration - seconds).count()};
}

}  // namespace

CommandSignals::CommandSignals() {
  ::sigemptyset(&taken_);
  for (const int signal : kForwarded) {
    if (!is_ignored(signal)) ::sigaddset(&taken_, signal);
  }
  ::sigaddset(&taken_, SIGCHLD);
  // Ignored by the caller, it would take the child's status away.
  struct sigaction action{};
  action.sa_handler = SIG_DFL;
  ::sigaction(SIGCHLD, &action, &child_before_);
  ::pthread_sigmask(SIG_BLOCK, &taken_, &before_);
}

CommandSignals::~CommandSignals() {
  // What came and nobody waited for is dealt with by now.
  timespec none{};
  while (::sigtimedwait(&taken_, nullptr, &none) > 0) {
  }
  restore_in_child();
}

void CommandSignals::restore_in_child() const {
  ::sigaction(SIGCHLD, &child_before_, nullptr);
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void CommandSignals::note(int signal) {
  if (signal == SIGCHLD || signal == SIGUSR1 || signal == SIGUSR2) return;
  if (!asked_to_end_) asked_to_end_ = signal;
}

int CommandSignals::wait_for(pid_t child) {
  for (;;) {
    siginfo_t info{};
    const int signal = ::sigwaitinfo(&taken_, &info);
    if (signal < 0) continue;
    note(signal);
    if (signal != SIGCHLD && !came_from_terminal(info)) ::kill(child, signal);
    int status = 0;
    if (signal == SIGCHLD && ::waitpid(child, &status, WNOHANG) == child) return status;
  }
}

bool CommandSignals::sleep(std::chrono::milliseconds duration) {
  const auto deadline = std::chrono::steady_clock::now() + duration;
  while (!asked_to_end_) {
    const auto left = deadline - std::chrono::steady_clock::now();
    const timespec wait = to_timespec(std::max(left, decltype(left)::zero()));
    const int signal = ::sigtimedwait(&taken_, nullptr, &wait);
    if (signal > 0) {
      note(signal);
    } else if (errno == EAGAIN) {
      return true;
    }
  }
  return false;
}

}  // namespace commitfs
