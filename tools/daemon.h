#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>

#include "meta/base/unique_fd.h"

namespace commitfs {

/// The running process that serves a table, held so that its number cannot come to mean another
/// one.
class RunningDaemon {
 public:
  /// The process that has the table's lock; none when nobody has it, or when the caller may not
  /// look.
  static std::optional<RunningDaemon> find(const std::filesystem::path& table);

  pid_t pid() const { return pid_; }
  /// True when it was killed and cannot end: a thread of it waits in the kernel for an answer that
  /// only it could give.
  bool is_stuck_dead() const;
  /// True when it has ended by then.
  bool wait_for_end(std::chrono::steady_clock::time_point deadline) const;

 private:
  RunningDaemon(pid_t pid, UniqueFd handle) : pid_(pid), handle_(std::move(handle)) {}
  pid_t pid_;
  UniqueFd handle_;
};

}  // namespace commitfs
