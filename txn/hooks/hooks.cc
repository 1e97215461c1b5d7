#include "txn/hooks/hooks.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include "txn/hooks/commit_description.h"
#include "txn/hooks/hook_directory.h"

namespace commitfs::hooks {
namespace {

std::string how_it_ended(const HookExit& exit) {
  if (exit.timed_out) return "did not end in time";
  return fmt::format("ended with status {}", exit.exit_code);
}

}  // namespace

void Hooks::set_view_locator(ViewLocator locator) {
  MutexLock lock(mutex_);
  locator_ = std::move(locator);
}

std::filesystem::path Hooks::view_of(const std::string& session) const {
  ViewLocator locator;
  {
    MutexLock lock(mutex_);
    locator = locator_;
  }
  return locator ? locator(session) : places_.table;
}

Result<std::vector<std::filesystem::path>> Hooks::list(
    const std::filesystem::path& directory) const {
  struct stat table{};
  if (::stat(places_.table.c_str(), &table) != 0) return fail_errno("stat the table");
  return list_hooks(directory, table.st_uid);
}

std::optional<std::string> Hooks::refuse_commit(const VersionRecord& commit,
                                                std::span<const ChangeRecord> changes) const {
  const auto hooks = list(places_.pre_commit);
  if (!hooks) return "the pre-commit hooks could not be run: " + hooks.error().describe();
  if (hooks->empty()) return std::nullopt;
  const std::string input = describe_commit("pre-commit", commit, changes);
  const std::filesystem::path view = view_of(commit.session);
  for (const auto& hook : *hooks) {
    const std::string name = hook.filename();
    const auto ended =
        run({.program = hook,
             .working_directory = view,
             .environment = {"COMMITFS_HOOK=pre-commit", "COMMITFS_SESSION=" + commit.session,
                             "COMMITFS_TABLE=" + places_.table.native()},
             .input = input,
             .timeout = timeout_});
    if (!ended) return "pre-commit hook " + name + " could not be run: " + ended.error().describe();
    spdlog::debug("pre-commit hook {} {}", name, how_it_ended(*ended));
    if (!ended->passed()) {
      return "pre-commit hook " + name + " " + how_it_ended(*ended) + ":\n" + ended->output;
    }
  }
  return std::nullopt;
}

bool Hooks::any_post_commit() const {
  const auto hooks = list(places_.post_commit);
  return !hooks || !hooks->empty();
}

void Hooks::announce(const VersionRecord& version, std::span<const ChangeRecord> changes) const {
  const auto hooks = list(places_.post_commit);
  if (!hooks) return spdlog::error("post-commit hooks: {}", hooks.error().describe());
  const std::string input = describe_commit("post-commit", version, changes);
  for (const auto& hook : *hooks) {
    const std::string name = hook.filename();
    const auto ended = run({.program = hook,
                            .working_directory = places_.table,
                            .environment = {"COMMITFS_HOOK=post-commit",
                                            fmt::format("COMMITFS_VERSION={}", raw(version.seq_no)),
                                            "COMMITFS_TABLE=" + places_.table.native()},
                            .input = input,
                            .timeout = timeout_});
    if (!ended) {
      spdlog::error("post-commit hook {}: {}", name, ended.error().describe());
    } else if (!ended->passed()) {
      spdlog::error("post-commit hook {} of version {} {}", name, raw(version.seq_no),
                    how_it_ended(*ended));
    }
  }
}

}  // namespace commitfs::hooks
