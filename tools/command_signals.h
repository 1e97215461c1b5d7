#pragma once

#include <signal.h>
#include <sys/types.h>

#include <chrono>
#include <optional>

namespace commitfs {

/// Signals while a command runs for us: what is sent to this program is meant for the command.
/// While it lives, the signals that ask a program to end or to do something (HUP, INT, QUIT, TERM,
/// USR1, USR2) do not interrupt this one but are taken by the calls below; those the caller
/// ignores stay ignored. For programs with one thread; one at a time.
class CommandSignals {
 public:
  CommandSignals();
  ~CommandSignals();
  CommandSignals(const CommandSignals&) = delete;
  CommandSignals& operator=(const CommandSignals&) = delete;

  /// In the child, before exec: as it was for the caller.
  void restore_in_child() const;
  /// Passes signals on to the child until it ends; its status as of waitpid(2).
  int wait_for(pid_t child);
  /// Sleeps; false when it was asked to end before or meanwhile.
  bool sleep(std::chrono::milliseconds duration);
  /// The first signal that asked to end (all but USR1 and USR2).
  std::optional<int> asked_to_end() const { return asked_to_end_; }

 private:
  void note(int signal);

  sigset_t taken_{};
  sigset_t before_{};
  struct sigaction child_before_{};
  std::optional<int> asked_to_end_;
};

}  // namespace commitfs
