#pragma once

#include <CLI/CLI.hpp>

#include <functional>
#include <string>

#include "meta/base/error.h"

namespace commitfs {

/// What the program's exit status means; written in its --help too.
enum ExitStatus : int { kSucceeded = 0, kFailed = 1, kUsageError = 2 };

/// One verb of the command line: its grammar, and what to do when it was chosen. `run` answers the
/// exit status.
struct Verb {
  CLI::App* command;
  std::function<int()> run;
};

Verb make_mount_verb(CLI::App& program);
Verb make_umount_verb(CLI::App& program);
Verb make_init_verb(CLI::App& program);
Verb make_log_verb(CLI::App& program);
Verb make_diff_verb(CLI::App& program);
Verb make_du_verb(CLI::App& program);
Verb make_show_verb(CLI::App& program);
Verb make_revert_verb(CLI::App& program);
Verb make_changes_verb(CLI::App& program);
Verb make_expire_verb(CLI::App& program);
Verb make_export_verb(CLI::App& program);
Verb make_status_verb(CLI::App& program);
Verb make_commit_verb(CLI::App& program);
Verb make_run_verb(CLI::App& program);
Verb make_gc_verb(CLI::App& program);
Verb make_fsck_verb(CLI::App& program);

/// Prints "commitfs: SENTENCE" on standard error and answers kFailed.
int fail_with(const std::string& sentence);
/// The same, after kUsageError's convention: the command line itself was wrong.
int refuse_usage(const std::string& sentence);

}  // namespace commitfs
