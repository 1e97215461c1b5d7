#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "meta/base/error.h"

namespace commitfs {

/// Where the log goes and how much of it.
struct LogSettings {
  enum class Sink { syslog, standard_error, file };

  Sink sink = Sink::syslog;
  std::filesystem::path file;  ///< absolute; appended to
  std::string level = "info";
};

/// The levels of --log-level, most talkative first.
const std::vector<std::string>& log_levels();

/// Makes the process's log. Call it in the process that logs, after any fork. A file that cannot be
/// opened: the error is a sentence.
Result<void> start_logging(const LogSettings& settings);

}  // namespace commitfs
