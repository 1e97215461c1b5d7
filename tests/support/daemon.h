#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/process.h"

namespace commitfs::test {

/// How a daemon is started.
struct DaemonOptions {
  bool passthrough = true;
  std::vector<std::string> options;      ///< further values for -o
  std::vector<std::string> environment;  ///< NAME=value, e.g. COMMITFS_FAULTS=…
};

/// The program under test: $COMMITFS_PROGRAM, else the one built beside the tests.
std::filesystem::path program();

/// Why no file system can be mounted here; empty when one can.
std::string why_no_mount();

/// One `commitfs mount -f` and the directory it lives in: DIR/table, DIR/mnt, DIR/log. Nothing
/// stays mounted when it goes.
class Daemon {
 public:
  explicit Daemon(std::filesystem::path directory);
  ~Daemon();

  const std::filesystem::path& table() const { return table_; }
  const std::filesystem::path& mountpoint() const { return mountpoint_; }
  const std::filesystem::path& log() const { return log_; }

  /// Starts it and waits until the mount answers. False, with the reason in `take_problems`, when
  /// it does not.
  bool mount(const DaemonOptions& options = {});
  bool running() const { return process_ != nullptr; }
  pid_t pid() const;
  /// `commitfs umount` (unless somebody did that), by force when it does not end, and the daemon's
  /// end with exit code 0.
  void unmount();
  /// SIGKILL, then takes the dead mount away.
  void kill_hard();
  /// After COMMITFS_FAULTS=…=kill: waits for the end, then takes the dead mount away. False when it
  /// did not end.
  bool await_death();
  /// Ends every request that waits for the daemon. For programs that hang.
  void abort_connection();

  /// One line for each thing that must not happen: a bad exit, a sanitizer's report, an unmount
  /// that hung. Cleared by reading.
  std::string take_problems();

 private:
  bool answers() const;
  bool is_mounted() const;
  void detach();
  void check_end(int expected_exit_code);

  std::filesystem::path directory_;
  std::filesystem::path table_;
  std::filesystem::path mountpoint_;
  std::filesystem::path log_;
  std::filesystem::path error_output_;
  std::unique_ptr<Process> process_;
  std::string problems_;
};

}  // namespace commitfs::test
