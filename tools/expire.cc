#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <iterator>

#include "meta/base/clock.h"
#include "meta/base/unique_fd.h"
#include "tools/table_reader.h"
#include "tools/text.h"
#include "tools/verb.h"
#include "txn/config/config_keys.h"
#include "txn/past/expiry.h"
#include "txn/table.h"

namespace commitfs {
namespace {

struct ExpireArguments {
  std::filesystem::path place;
  std::uint64_t keep_last = 0;
  std::string older_than;
  std::vector<std::string> versions;
  bool dry_run = false;
  bool force = false;
};

/// In the words of the table's own configuration.
Result<past::Retention> retention_of(const ExpireArguments& arguments) {
  past::Retention retention;
  if (arguments.keep_last > 0) retention.keep_last = arguments.keep_last;
  if (arguments.older_than.empty()) return retention;
  TableConfig config;
  const auto parsed = find_config_key("keep_for")->set(config, {}, arguments.older_than);
  if (!parsed) return fail(EINVAL, "--older-than: " + parsed.error().context);
  retention.keep_for = config.keep_for;
  return retention;
}

/// The versions that were named, or those that `retention` lets go of.
Result<std::vector<SeqNo>> plan(const ExpireArguments& arguments,
                                const past::Retention& retention) {
  const auto reader = TRY(open_table_reader(arguments.place));
  if (!arguments.versions.empty()) {
    std::vector<SeqNo> named;
    for (const std::string& text : arguments.versions)
      named.push_back(TRY(reader.version(text)));
    return named;
  }
  auto planned = past::plan_expiry(*reader.catalog, retention, system_clock().now_ns());
  if (!planned) return fail_because(planned.error());
  return planned;
}

Result<void> print_plan(const ExpireArguments& arguments, const past::Retention& retention) {
  const auto planned = TRY(plan(arguments, retention));
  for (const SeqNo version : planned)
    fmt::print("{}\n", raw(version));
  return {};
}

/// Who names a version wants to hear that it is still there.
Result<void> print_kept(const ExpireArguments& arguments, std::size_t in_use) {
  if (in_use == 0) return {};
  const std::string kept = format_count_of(in_use, "version", "versions");
  if (!arguments.versions.empty()) return fail(EBUSY, fmt::format("kept {} in use", kept));
  fmt::print("kept {} in use\n", kept);
  return {};
}

/// Through the mount: as `mv snapshots/N discard/`; by force as `echo N force > .commitfs/expire`.
Result<void> expire_one(const ExpireArguments& arguments, const std::filesystem::path& mount,
                        SeqNo version) {
  const std::string name = std::to_string(raw(version));
  if (!arguments.force) {
    const auto from = mount / "snapshots" / name;
    const auto to = mount / "discard" / name;
    return ::rename(from.c_str(), to.c_str()) == 0 ? Result<void>() : fail_on(from, errno);
  }
  const auto control = mount / ".commitfs/expire";
  const UniqueFd file(::open(control.c_str(), O_WRONLY | O_CLOEXEC));
  const std::string value = name + " force\n";
  if (file && ::write(file.get(), value.data(), value.size()) == std::ssize(value)) return {};
  return fail_on(control, errno);
}

Result<void> expire_mounted(const ExpireArguments& arguments, const past::Retention& retention,
                            const std::filesystem::path& mount) {
  std::size_t expired = 0;
  std::size_t in_use = 0;
  for (const SeqNo version : TRY(plan(arguments, retention))) {
    const auto done = expire_one(arguments, mount, version);
    if (done) {
      ++expired;
    } else if (done.error().code == EBUSY) {
      ++in_use;
    } else if (done.error().code != ENOENT) {  // somebody was faster
      return done;
    }
  }
  fmt::print("expired {}\n", format_count_of(expired, "version", "versions"));
  return print_kept(arguments, in_use);
}

/// What was asked for, of a table that nobody has mounted.
Result<past::ExpirySummary> expire_in(past::Expiry& expiry, const ExpireArguments& arguments,
                                      const past::Retention& retention,
                                      const std::vector<SeqNo>& planned) {
  const auto force = arguments.force ? past::Force::yes : past::Force::no;
  if (arguments.versions.empty()) return expiry.expire(retention, force);
  std::vector<SeqNo> expired;
  std::vector<SeqNo> in_use;
  for (const SeqNo version : planned) {
    const auto done = expiry.expire(version, force);
    if (!done && done.error().code != EBUSY) return std::unexpected(done.error());
    (done ? expired : in_use).push_back(version);
  }
  past::ExpirySummary summary = TRY(expiry.collect());
  summary.expired = std::move(expired);
  summary.in_use = std::move(in_use);
  return summary;
}

Result<void> expire_offline(const ExpireArguments& arguments, const past::Retention& retention) {
  const auto planned = TRY(plan(arguments, retention));
  const auto table = Table::open(TRY(find_table(arguments.place)));
  if (!table) return fail_because(table.error());
  const auto done = expire_in((*table)->expiry(), arguments, retention, planned);
  if (!done) return fail_because(done.error());
  fmt::print("expired {}, removed {} ({})\n",
             format_count_of(done->expired.size(), "version", "versions"),
             format_count_of(done->bodies, "body", "bodies"), format_size(done->bytes));
  return print_kept(arguments, done->in_use.size());
}

Result<void> expire(const ExpireArguments& arguments) {
  const auto retention = TRY(retention_of(arguments));
  if (arguments.dry_run) return print_plan(arguments, retention);
  if (const auto mount = find_mount_root(arguments.place))
    return expire_mounted(arguments, retention, *mount);
  return expire_offline(arguments, retention);
}

int run(const ExpireArguments& arguments) {
  const bool by_rule = arguments.keep_last != 0 || !arguments.older_than.empty();
  if (by_rule == !arguments.versions.empty())
    return refuse_usage(
        "say what to keep (--keep-last, --older-than or both), or which versions go");
  const auto done = expire(arguments);
  return done ? kSucceeded : fail_with(done.error().context);
}

}  // namespace

Verb make_expire_verb(CLI::App& program) {
  CLI::App* command = program.add_subcommand("expire", "Take old versions out of a table");
  auto arguments = std::make_shared<ExpireArguments>();
  command->add_option("TABLE|MOUNTPOINT", arguments->place, "A table, mounted or not")->required();
  command->add_option("VERSION", arguments->versions, "These, by number, tag or time");
  command->add_option("--keep-last", arguments->keep_last, "Keep so many of the newest")
      ->check(CLI::PositiveNumber);
  command->add_option("--older-than", arguments->older_than,
                      "Only those that have not been the newest for so long: 12h, 30d");
  command->add_flag("--force", arguments->force, "Those too that open sessions began at");
  command->add_flag("--dry-run", arguments->dry_run, "Print their numbers, remove nothing");
  command->footer(
      R"(A version that expires is gone from snapshots/, and so is what only it had: its history and the bodies of its files.
Never the newest, never one that has a tag, that an open session began at, or that a program reads in. With both
options a version must be let go by both. The settings keep_last and keep_for of a table do the same by themselves.

With --force a version goes although open sessions began at it. None of those can be committed then (Stale file handle);
what such a session wrote can be copied from it, and of the rest what other versions still have.

Examples:
  commitfs expire --dry-run --keep-last 100 ~/sales
  commitfs expire --keep-last 10 --older-than 30d /mnt/sales
  commitfs expire --force /mnt/sales 41)");
  return {.command = command, .run = [arguments] { return run(*arguments); }};
}

}  // namespace commitfs
