#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <iostream>

#include "tools/mount_point.h"
#include "tools/text.h"
#include "tools/verb.h"
#include "txn/table.h"
#include "txn/tags.h"

namespace commitfs {
namespace {

constexpr std::size_t kPage = 1000;

struct LogArguments {
  std::filesystem::path place;
  std::size_t count = 0;  ///< 0: all
  bool json = false;
};

Result<std::string> to_json_line(CatalogReader& catalog, const VersionRecord& version) {
  std::vector<std::string> tags;
  for (TagRecord& tag : TRY(catalog.tags_of(version.seq_no)))
    tags.push_back(std::move(tag.name));
  const nlohmann::ordered_json json = {
      {"seq_no", raw(version.seq_no)},
      {"primary_term", raw(version.term)},
      {"time", format_time(version.time_ns)},
      {"session", version.session},
      {"base", raw(version.base)},
      {"operation", version.operation},
      {"uid", version.uid},
      {"gid", version.gid},
      {"message", version.message},
      {"metadata", version.metadata},
      {"added", version.added},
      {"modified", version.modified},
      {"deleted", version.deleted},
      {"renamed", version.renamed},
      {"attributes", version.attributes},
      {"bytes", version.bytes},
      {"tags", tags},
  };
  // Names and messages may be any bytes; JSON may not.
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void print_line(std::string line) {
  if (!line.ends_with('\n')) line.push_back('\n');
  std::fwrite(line.data(), 1, line.size(), stdout);
}

Result<void> print_log(CatalogReader& catalog, const LogArguments& arguments) {
  std::size_t left = arguments.count == 0 ? SIZE_MAX : arguments.count;
  SeqNo before = SeqNo::none;
  while (left > 0) {
    const auto versions = TRY(catalog.list_versions(before, std::min(left, kPage)));
    if (versions.empty()) break;
    for (const VersionRecord& version : versions) {
      print_line(arguments.json
                     ? TRY(to_json_line(catalog, version))
                     : format_log_line(version, TRY(tag_names(catalog, version.seq_no))));
    }
    left -= versions.size();
    before = versions.back().seq_no;
  }
  return {};
}

/// The table that `place` is, or that is mounted there.
Result<std::filesystem::path> find_table(const std::filesystem::path& place) {
  if (auto mount = find_our_mount(place)) return std::filesystem::path(mount->source);
  std::error_code error;
  const std::filesystem::path table = std::filesystem::canonical(place, error);
  if (error) return fail_on(place, error.value());
  if (!Table::is_table(table)) {
    return fail(EINVAL,
                fmt::format("{} is neither a table nor the mount point of one", table.native()));
  }
  return table;
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

int run(const LogArguments& arguments) {
  const auto table = find_table(arguments.place);
  if (!table) return fail_with(table.error().context);
  const auto catalog = Table::open_catalog(*table);
  if (!catalog) {
    const bool denied = catalog.error().code == EACCES || catalog.error().code == EPERM;
    if (denied && !arguments.json && print_log_of_mount(arguments)) return kSucceeded;
    return fail_with(fail_because(catalog.error()).error().context);
  }
  const auto printed = print_log(**catalog, arguments);
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
  command->add_flag("--json", arguments->json, "One JSON object a line");
  command->footer(R"(Examples:
  commitfs log -n 10 /mnt/sales
  commitfs log --json ~/sales | jq -r 'select(.session == "nightly") | .seq_no')");
  return {.command = command, .run = [arguments] { return run(*arguments); }};
}

}  // namespace commitfs
