#include <fmt/format.h>

#include <fstream>
#include <iostream>
#include <iterator>

#include "tools/table_reader.h"
#include "tools/text.h"
#include "tools/verb.h"
#include "txn/past/path_changes.h"
#include "txn/table.h"
#include "txn/tags.h"
#include "txn/version_name.h"

namespace commitfs {
namespace {

struct DiffArguments {
  std::filesystem::path place;
  std::string from;
  std::string to;
  bool stat = false;
  bool json = false;
};

void print_raw(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

void print_totals(const std::vector<past::PathChange>& changes) {
  const auto totals = past::total_of(changes);
  fmt::print("{} added, {} modified, {} deleted, {} renamed; {} -> {}\n", totals.added,
             totals.modified, totals.deleted, totals.renamed, format_size(totals.bytes_before),
             format_size(totals.bytes_after));
}

std::string size_of(const std::optional<InodeRecord>& inode) {
  return inode ? format_count(inode->size_bytes) : "-";
}

void print_changes(const std::vector<past::PathChange>& changes, bool stat, bool json) {
  for (const past::PathChange& change : changes) {
    if (json) {
      print_raw(past::path_change_json(change) + '\n');
      continue;
    }
    std::string line = past::format_path_change(change);
    if (stat) {
      line.pop_back();
      line += fmt::format("\t{} -> {}\n", size_of(change.before), size_of(change.after));
    }
    print_raw(line);
  }
  if (stat && !json) print_totals(changes);
}

Result<std::vector<past::PathChange>> changes_between(CatalogReader& catalog, SeqNo from,
                                                      SeqNo to) {
  const auto difference = past::compare_versions(catalog, from, to);
  if (!difference) return fail_because(difference.error());
  auto changes = past::list_path_changes(catalog, *difference);
  if (!changes) return fail_because(changes.error());
  return changes;
}

/// A file of an open session's control directory; none when there is no such session.
std::optional<std::string> read_control(const MountEntry& mount, const std::string& session,
                                        const char* file) {
  std::ifstream control(mount.point / "sessions" / session / ".commitfs" / file, std::ios::binary);
  if (!control) return std::nullopt;
  return std::string{std::istreambuf_iterator<char>(control), {}};
}

/// A session is compared with the version it began at: what else changed is not its doing.
Result<bool> print_session(const TableReader& reader, const DiffArguments& arguments) {
  if (!reader.mount || reader.version(arguments.to)) return false;
  const auto base = read_control(*reader.mount, arguments.to, "base");
  if (!base) return false;
  const std::string number = base->substr(0, base->find('\n'));
  if (TRY(reader.version(arguments.from)) != TRY(reader.version(number))) {
    return fail(EINVAL, fmt::format("session {} began at version {}: compare it with that",
                                    arguments.to, number));
  }
  if (arguments.json || arguments.stat)
    return fail(EINVAL, "--stat and --json are for two versions, not for a session");
  print_raw(read_control(*reader.mount, arguments.to, "diff").value_or(""));
  return true;
}

Result<void> diff(const DiffArguments& arguments) {
  const auto reader = TRY(open_table_reader(arguments.place));
  if (TRY(print_session(reader, arguments))) return {};
  const SeqNo from = TRY(reader.version(arguments.from));
  const SeqNo to = TRY(reader.version(arguments.to));
  print_changes(TRY(changes_between(*reader.catalog, from, to)), arguments.stat, arguments.json);
  return {};
}

/// The version before, of those that are still there; none before the first.
Result<SeqNo> predecessor(CatalogReader& catalog, SeqNo version) {
  if (version <= SeqNo{1}) return SeqNo::none;
  const auto older = TRY(catalog.list_versions(version, 1));
  return older.empty() ? SeqNo::none : older.front().seq_no;
}

Result<void> show(const DiffArguments& arguments) {
  const auto reader = TRY(open_table_reader(arguments.place));
  const SeqNo version = TRY(reader.version(arguments.to));
  const auto before = predecessor(*reader.catalog, version);
  if (!before) return fail_because(before.error());
  const auto record = reader.catalog->find_version(version);
  if (!record) return fail_because(record.error());
  if (!*record) return fail(ENOENT, "the version was removed just now");
  if (!arguments.json) {
    const auto tags = tag_names(*reader.catalog, version);
    if (!tags) return fail_because(tags.error());
    print_raw(format_log_line(**record, *tags) + '\n');
  }
  print_changes(TRY(changes_between(*reader.catalog, *before, version)), arguments.stat,
                arguments.json);
  return {};
}

int run(const DiffArguments& arguments, Result<void> (*verb)(const DiffArguments&)) {
  const auto done = verb(arguments);
  return done ? kSucceeded : fail_with(done.error().context);
}

void add_options(CLI::App& command, DiffArguments& arguments) {
  command.add_flag("--stat", arguments.stat, "Sizes before and after, and what they come to");
  command.add_flag("--json", arguments.json, "One JSON object a line");
}

}  // namespace

Verb make_diff_verb(CLI::App& program) {
  CLI::App* command = program.add_subcommand("diff", "What differs between two versions");
  auto arguments = std::make_shared<DiffArguments>();
  command->add_option("TABLE|MOUNTPOINT", arguments->place, "A table, mounted or not")->required();
  command->add_option("FROM", arguments->from, "A number, a tag, a time, latest or previous")
      ->required();
  command->add_option("TO", arguments->to, "The same, or an open session that began at FROM")
      ->required();
  add_options(*command, *arguments);
  command->footer(
      R"(Prints A (added), M (modified), D (deleted) or R (renamed), a tab and the path, one a line. Versions are compared
as they are, whatever happened in between: what was changed and changed back is not listed, nor are times alone.

Examples:
  commitfs diff ~/sales 41 latest
  commitfs diff --stat /mnt/sales good 2026-11-20T18:00:00Z)");
  return {.command = command, .run = [arguments] { return run(*arguments, diff); }};
}

Verb make_show_verb(CLI::App& program) {
  CLI::App* command =
      program.add_subcommand("show", "One version: its line of the log, its changes");
  auto arguments = std::make_shared<DiffArguments>();
  command->add_option("TABLE|MOUNTPOINT", arguments->place, "A table, mounted or not")->required();
  command->add_option("VERSION", arguments->to, "A number, a tag, a time, latest or previous")
      ->required();
  add_options(*command, *arguments);
  command->footer(R"(The changes are against the version before, of those that are still there.

Example:
  commitfs show --stat ~/sales latest)");
  return {.command = command, .run = [arguments] { return run(*arguments, show); }};
}

}  // namespace commitfs
