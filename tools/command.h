#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tools/command_signals.h"

namespace commitfs {

/// A program to run in a directory.
struct Command {
  std::vector<std::string> words;  ///< at least one; looked up in PATH
  std::filesystem::path directory;
  /// The directory shall be seen there, by this program alone, and is its working directory there.
  std::optional<std::filesystem::path> at;
  std::map<std::string, std::string> environment;  ///< over our own
};

/// Exit statuses of env(1), timeout(1) and shells, for what is not the command's own.
enum CommandExit : int {
  kExitOwnFailure = 125,
  kExitCannotRun = 126,
  kExitNotFound = 127,
  kExitBySignal = 128
};

struct CommandEnd {
  int exit_status = 0;  ///< its own; kExitBySignal and the number when a signal ended it
  std::string failure;  ///< a sentence when it never ran; the status is then one of CommandExit
};

/// Runs it to its end. Standard input, output and error are ours.
CommandEnd run_command(const Command& command, CommandSignals& signals);

}  // namespace commitfs
