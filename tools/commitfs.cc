#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <vector>

#include "tools/verb.h"

namespace commitfs {
namespace {

constexpr char kFooter[] = R"(A first session:
  commitfs mount ~/sales /mnt/sales           adopts the directory as version 1
  mkdir /mnt/sales/sessions/nightly           begins: a private, writable snapshot
  cp new.csv /mnt/sales/sessions/nightly/     any program can work in it
  mv /mnt/sales/sessions/nightly /mnt/sales/commit/
                                              publishes all of it at once, or nothing
  ls /mnt/sales/live                          the newest version
  commitfs umount /mnt/sales

`commitfs VERB --help` tells more.
Exit status: 0 done, 1 not done (standard error says why), 2 the command line makes no sense. Of a commit that was
refused, 80 and more: see `commitfs commit --help`.)";

int run(int count, char** words) {
  CLI::App program("commitfs mounts a table directory as a transactional file system.", "commitfs");
  program.set_version_flag("--version", "commitfs " COMMITFS_VERSION);
  program.require_subcommand(1);
  program.footer(kFooter);
  const std::vector<Verb> verbs = {
      make_mount_verb(program),   make_umount_verb(program), make_init_verb(program),
      make_log_verb(program),     make_status_verb(program), make_commit_verb(program),
      make_run_verb(program),     make_diff_verb(program),   make_show_verb(program),
      make_changes_verb(program), make_revert_verb(program), make_expire_verb(program),
      make_export_verb(program),  make_du_verb(program),     make_gc_verb(program),
      make_fsck_verb(program)};
  try {
    program.parse(count, words);
  } catch (const CLI::ParseError& error) {
    // Also how CLI11 says that --help or --version was answered.
    return program.exit(error) == 0 ? kSucceeded : kUsageError;
  }
  for (const Verb& verb : verbs) {
    if (verb.command->parsed()) return verb.run();
  }
  return kUsageError;
}

}  // namespace

}  // namespace commitfs

int main(int count, char** words) {
  // Who started us may have ignored it, and then nobody could tell how a child ended: neither
  // libfuse its mount helper, nor we a hook.
  std::signal(SIGCHLD, SIG_DFL);
  try {
    const int status = commitfs::run(count, words);
    if (std::fflush(stdout) != 0) return commitfs::kFailed;
    return status;
  } catch (const std::exception& exception) {
    return commitfs::fail_with(fmt::format("internal error: {}", exception.what()));
  }
}
