#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "meta/base/error.h"

namespace commitfs::hooks {

/// One program to be run.
struct HookProcess {
  std::filesystem::path program;
  std::filesystem::path working_directory;
  std::vector<std::string> environment;  ///< NAME=value, besides the daemon's own
  std::string_view input;                ///< its standard input; what it does not read is dropped
  std::chrono::milliseconds timeout{0};
};

/// How it ended.
struct HookExit {
  static constexpr std::size_t kOutputMaxBytes = 64 * 1024;

  int exit_code = 0;       ///< 128 + signal when one ended it
  bool timed_out = false;  ///< it and the rest of its process group were killed
  std::string output;      ///< both its outputs as they came, cut at kOutputMaxBytes

  bool passed() const { return exit_code == 0 && !timed_out; }
};

/// Runs a program in a process group of its own and waits for its end, or kills it at the timeout.
/// A process it leaves behind is not waited for. Errors: why it could not be started (ENOENT,
/// EACCES, ENOEXEC, EMFILE…). Thread-safe; blocks.
Result<HookExit> run(const HookProcess& process);

}  // namespace commitfs::hooks
