#include "tools/commit_status.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>

namespace commitfs {
namespace {

struct Row {
  int error;
  CommitVerdict verdict;
};

constexpr std::array kRows = {
    Row{0, {0, "committed", "committed, or there was nothing to commit"}},
    Row{ECANCELED, {kExitConflict, "conflict", "another commit changed the same: do it again"}},
    Row{EPERM, {kExitRefused, "refused", "a condition is false, or a hook said no"}},
    Row{EBUSY, {kExitFilesOpen, "open_files", "files in the session are still open for writing"}},
    Row{EAGAIN, {kExitTryAgain, "try_again", "nothing wrong, not now: commit again"}},
    Row{ESTALE,
        {kExitSessionGone, "gone", "the base was expired or another mount took over: begin anew"}},
};

}  // namespace

CommitVerdict verdict_of(int error, int other) {
  for (const Row& row : kRows) {
    if (row.error == error) return row.verdict;
  }
  return {other, "failed", "another error"};
}

std::string describe_commit_exits() {
  std::string text;
  for (const Row& row : kRows) {
    text += fmt::format("  {:<4} {}\n", row.verdict.exit_status, row.verdict.meaning);
  }
  return text;
}

}  // namespace commitfs
