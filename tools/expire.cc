#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>

#include "meta/base/clock.h"
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
  bool dry_run = false;
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

Result<std::vector<SeqNo>> plan(const std::filesystem::path& place,
                                const past::Retention& retention) {
  const auto reader = TRY(open_table_reader(place));
  auto planned = past::plan_expiry(*reader.catalog, retention, system_clock().now_ns());
  if (!planned) return fail_because(planned.error());
  return planned;
}

Result<void> print_plan(const ExpireArguments& arguments, const past::Retention& retention) {
  const auto planned = TRY(plan(arguments.place, retention));
  for (const SeqNo version : planned)
    fmt::print("{}\n", raw(version));
  return {};
}

/// Through the mount: as `mv snapshots/N discard/`.
Result<void> expire_mounted(const ExpireArguments& arguments, const past::Retention& retention,
                            const std::filesystem::path& mount) {
  std::size_t expired = 0;
  std::size_t in_use = 0;
  for (const SeqNo version : TRY(plan(arguments.place, retention))) {
    const std::string name = std::to_string(raw(version));
    const auto from = mount / "snapshots" / name;
    const auto to = mount / "discard" / name;
    if (::rename(from.c_str(), to.c_str()) == 0) {
      ++expired;
    } else if (errno == EBUSY) {
      ++in_use;
    } else if (errno != ENOENT) {  // somebody was faster
      return fail_on(from, errno);
    }
  }
  fmt::print("expired {}\n", format_count_of(expired, "version", "versions"));
  if (in_use > 0) fmt::print("kept {} in use\n", format_count_of(in_use, "version", "versions"));
  return {};
}

Result<void> expire_offline(const std::filesystem::path& directory,
                            const past::Retention& retention) {
  const auto table = Table::open(directory);
  if (!table) return fail_because(table.error());
  const auto done = (*table)->expiry().expire(retention);
  if (!done) return fail_because(done.error());
  fmt::print("expired {}, removed {} ({})\n",
             format_count_of(done->expired.size(), "version", "versions"),
             format_count_of(done->bodies, "body", "bodies"), format_size(done->bytes));
  if (!done->in_use.empty())
    fmt::print("kept {} in use\n", format_count_of(done->in_use.size(), "version", "versions"));
  return {};
}

Result<void> expire(const ExpireArguments& arguments) {
  const auto retention = TRY(retention_of(arguments));
  if (arguments.dry_run) return print_plan(arguments, retention);
  if (const auto mount = find_mount_root(arguments.place))
    return expire_mounted(arguments, retention, *mount);
  return expire_offline(TRY(find_table(arguments.place)), retention);
}

int run(const ExpireArguments& arguments) {
  if (arguments.keep_last == 0 && arguments.older_than.empty())
    return refuse_usage("say what to keep: --keep-last, --older-than or both");
  const auto done = expire(arguments);
  return done ? kSucceeded : fail_with(done.error().context);
}

}  // namespace

Verb make_expire_verb(CLI::App& program) {
  CLI::App* command = program.add_subcommand("expire", "Take old versions out of a table");
  auto arguments = std::make_shared<ExpireArguments>();
  command->add_option("TABLE|MOUNTPOINT", arguments->place, "A table, mounted or not")->required();
  command->add_option("--keep-last", arguments->keep_last, "Keep so many of the newest")
      ->check(CLI::PositiveNumber);
  command->add_option("--older-than", arguments->older_than,
                      "Only those that have not been the newest for so long: 12h, 30d");
  command->add_flag("--dry-run", arguments->dry_run, "Print their numbers, remove nothing");
  command->footer(
      R"(A version that expires is gone from snapshots/, and so is what only it had: its history and the bodies of its files.
Never the newest, never one that has a tag, that an open session began at, or that a program reads in. With both
options a version must be let go by both. The settings keep_last and keep_for of a table do the same by themselves.

Examples:
  commitfs expire --dry-run --keep-last 100 ~/sales
  commitfs expire --keep-last 10 --older-than 30d /mnt/sales)");
  return {.command = command, .run = [arguments] { return run(*arguments); }};
}

}  // namespace commitfs
