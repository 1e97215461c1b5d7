#include <fmt/format.h>

#include <chrono>
#include <fstream>
#include <iostream>
#include <thread>

#include "tools/log_filter.h"
#include "tools/table_reader.h"
#include "tools/text.h"
#include "tools/verb.h"
#include "txn/table.h"
#include "txn/tags.h"
#include "txn/version_json.h"

namespace commitfs {
namespace {

constexpr std::size_t kPage = 1000;
/// How often the catalog is asked for news: no file's change can be waited for from outside.
constexpr std::chrono::milliseconds kFollowPause{100};

struct LogArguments {
  std::filesystem::path place;
  std::size_t count = 0;  ///< 0: all
  bool json = false;
  bool follow = false;
  LogFilter filter;

  bool is_plain() const {
    return !json && !follow && filter.since.empty() && filter.path.empty() && filter.group.empty();
  }
};

void print_line(std::string line) {
  if (!line.ends_with('\n')) line.push_back('\n');
  std::fwrite(line.data(), 1, line.size(), stdout);
}

Result<void> print_version(CatalogReader& catalog, const VersionRecord& version, bool json) {
  print_line(json ? TRY(format_version_json(catalog, version))
                  : format_log_line(version, TRY(tag_names(catalog, version.seq_no))));
  return {};
}

/// From `head` back.
Result<void> print_log(CatalogReader& catalog, const LogArguments& arguments, SeqNo head) {
  std::size_t left = arguments.count == 0 ? SIZE_MAX : arguments.count;
  SeqNo before{raw(head) + 1};
  while (left > 0) {
    const auto versions = TRY(catalog.list_versions(before, kPage));
    for (const VersionRecord& version : versions) {
      if (left == 0 || !arguments.filter.is_recent(version)) return {};
      if (!TRY(arguments.filter.matches(catalog, version))) continue;
      TRY(print_version(catalog, version, arguments.json));
      --left;
    }
    // No bound and version 1 look alike from here.
    if (versions.size() < kPage || versions.back().seq_no <= SeqNo{1}) return {};
    before = versions.back().seq_no;
  }
  return {};
}

/// Prints what comes after `seen`, oldest first, until the program is ended.
Result<void> follow_log(CatalogReader& catalog, const LogArguments& arguments, SeqNo seen) {
  while (std::fflush(stdout) == 0) {
    const SeqNo head = TRY(catalog.head_seq_no());
    for (; seen < head; seen = SeqNo{raw(seen) + 1}) {
      const auto version = TRY(catalog.find_version(SeqNo{raw(seen) + 1}));
      if (version && TRY(arguments.filter.matches(catalog, *version)))
        TRY(print_version(catalog, *version, arguments.json));
    }
    if (std::fflush(stdout) != 0) break;
    std::this_thread::sleep_for(kFollowPause);
  }
  return fail(errno, "write");
}

/// For those who may not read the table itself, the mount shows the same.
bool print_log_of_mount(const LogArguments& arguments) {
  const auto mount = find_our_mount(arguments.place);
  if (!mount) return false;
  std::ifstream log(mount->point / ".commitfs/log", std::ios::binary);
  if (!log) return false;
  std::size_t printed = 0;
  for (std::string line; std::getline(log, line); ++printed) {
    if (arguments.count != 0 && printed == arguments.count) break;
    print_line(line);
  }
  return true;
}

Result<void> log(CatalogReader& catalog, LogArguments& arguments) {
  TRY(arguments.filter.resolve(catalog));
  const SeqNo head = TRY(catalog.head_seq_no());
  TRY(print_log(catalog, arguments, head));
  if (!arguments.follow) return {};
  return follow_log(catalog, arguments, head);
}

int run(LogArguments& arguments) {
  const auto table = find_table(arguments.place);
  if (!table) return fail_with(table.error().context);
  const auto catalog = Table::open_catalog(*table);
  if (!catalog) {
    const bool denied = catalog.error().code == EACCES || catalog.error().code == EPERM;
    if (denied && arguments.is_plain() && print_log_of_mount(arguments)) return kSucceeded;
    return fail_with(fail_because(catalog.error()).error().context);
  }
  const auto printed = log(**catalog, arguments);
  if (!printed) return fail_with(fail_because(printed.error()).error().context);
  return kSucceeded;
}

}  // namespace

Verb make_log_verb(CLI::App& program) {
  CLI::App* command = program.add_subcommand("log", "List a table's versions, newest first");
  auto arguments = std::make_shared<LogArguments>();
  command
      ->add_option("TABLE|MOUNTPOINT", arguments->place,
                   "A table's directory, mounted or not, or its mount point")
      ->required();
  command->add_option("-n", arguments->count, "At most so many versions")
      ->check(CLI::PositiveNumber);
  command->add_option("--since", arguments->filter.since,
                      "Only those after a time, or after a version by number or tag");
  command->add_option("--path", arguments->filter.path,
                      "Only those that changed this path, or something below");
  command->add_option("--group", arguments->filter.group,
                      "Only those that changed this file group (user.commitfs.group)");
  command->add_flag("--follow", arguments->follow, "Then print each new version as it comes");
  command->add_flag("--json", arguments->json, "One JSON object a line");
  command->footer(R"(Examples:
  commitfs log -n 10 /mnt/sales
  commitfs log --since 2026-11-20T18:00:00Z --path region=eu ~/sales
  commitfs log --json ~/sales | jq -r 'select(.session == "nightly") | .seq_no')");
  return {.command = command, .run = [arguments] { return run(*arguments); }};
}

}  // namespace commitfs
