#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace commitfs::test {

/// A time limit for this build: sanitizers get several times as long. $COMMITFS_TEST_TIME_FACTOR
/// overrides the factor.
std::chrono::milliseconds scaled(std::chrono::milliseconds limit);

/// Polls `condition` every few milliseconds until it holds. False when `limit` (scaled) passed
/// first.
bool eventually(const std::function<bool()>& condition,
                std::chrono::milliseconds limit = std::chrono::seconds(10));

/// What a finished program left.
struct Output {
  int exit_code = -1;  ///< 128 + signal when a signal ended it
  bool timed_out = false;
  std::string out;
  std::string err;
};
std::ostream& operator<<(std::ostream& stream, const Output& output);

struct RunOptions {
  std::filesystem::path directory;       ///< working directory; the caller's when empty
  std::vector<std::string> environment;  ///< NAME=value, over the caller's own
  std::chrono::milliseconds timeout = std::chrono::seconds(20);  ///< scaled
  /// Called when the program outlived SIGKILL: it waits in the kernel for a mount that must be
  /// aborted.
  std::function<void()> on_hang;
};

/// A child in a process group of its own that does not outlive the test: the kernel ends it with
/// its parent.
class Process {
 public:
  /// Output goes to the two descriptors, which stay the caller's. Aborts the test program when fork
  /// fails.
  Process(const std::vector<std::string>& arguments, const RunOptions& options, int out, int err,
          int signal_with_parent);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();  ///< kills what still runs and waits for it

  pid_t pid() const { return pid_; }
  /// The exit code (128 + signal), or nothing when it still runs after `limit` (not scaled).
  std::optional<int> wait(std::chrono::milliseconds limit);
  void signal(int number);        ///< to it alone
  void signal_group(int number);  ///< to it and its children

 private:
  pid_t pid_ = -1;
  std::optional<int> exit_code_;
};

/// Runs a program to its end, or kills it and its children after the timeout.
Output run(const std::vector<std::string>& arguments, const RunOptions& options = {});

/// A program that runs beside the test; its output is kept in memory.
class Background {
 public:
  Background(const std::vector<std::string>& arguments, RunOptions options);
  ~Background();

  bool running();
  /// Waits for its end, as `run` does.
  Output finish();
  Process& process() { return process_; }

 private:
  RunOptions options_;
  int out_;
  int err_;
  Process process_;
};

}  // namespace commitfs::test
