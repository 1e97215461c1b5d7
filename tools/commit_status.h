#pragma once

#include <string>
#include <string_view>

namespace commitfs {

/// What the errno of a commit is to a script. Numbers of their own, away from those that commands
/// commonly end with, for `commitfs run` also ends as its command did.
enum CommitExit : int {
  kExitConflict = 80,
  kExitRefused = 81,
  kExitFilesOpen = 82,
  kExitTryAgain = 83,
  kExitSessionGone = 84,
};

struct CommitVerdict {
  int exit_status;
  std::string_view word;     ///< "conflict": for JSON
  std::string_view meaning;  ///< for --help and standard error
};

/// What the errno of a commit means; `other` is the exit status of an error that is none of those
/// above.
CommitVerdict verdict_of(int error, int other);

/// The table for --help, one line an exit status.
std::string describe_commit_exits();

}  // namespace commitfs
