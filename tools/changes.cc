#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdio>
#include <thread>

#include "tools/table_reader.h"
#include "tools/text.h"
#include "tools/verb.h"
#include "txn/change_text.h"
#include "txn/text.h"
#include "txn/version_name.h"

namespace commitfs {
namespace {

constexpr std::chrono::milliseconds kFollowPause{100};

struct ChangesArguments {
  std::filesystem::path place;
  std::string from;
  std::string to = "latest";
  bool follow = false;
};

nlohmann::ordered_json describe(const VersionRecord& version, const ChangeRecord& change) {
  nlohmann::ordered_json json;
  json["version"] = raw(version.seq_no);
  json["time"] = format_time(version.time_ns);
  json["session"] = to_utf8(version.session).text;
  json["operation"] = version.operation;
  json["change"] = std::string(1, letter_of(change.kind));
  json["path"] = to_utf8(change.path).text;
  if (change.kind == ChangeKind::renamed) json["old_path"] = to_utf8(change.old_path).text;
  if (change.kind == ChangeKind::attributes) json["attributes"] = true;
  if (change.is_directory) json["directory"] = true;
  return json;
}

/// A version that was removed leaves a gap, which a reader of the feed must hear of.
nlohmann::ordered_json describe_gap(SeqNo version) {
  return {{"version", raw(version)}, {"expired", true}};
}

Result<void> print_version(CatalogReader& catalog, SeqNo number) {
  const auto print = [](const nlohmann::ordered_json& json) {
    const std::string line = json.dump() + '\n';
    std::fwrite(line.data(), 1, line.size(), stdout);
  };
  const auto version = TRY(catalog.find_version(number));
  if (!version) {
    print(describe_gap(number));
    return {};
  }
  for (const ChangeRecord& change : TRY(catalog.list_changes(number)))
    print(describe(*version, change));
  return {};
}

Result<void> print_changes(CatalogReader& catalog, SeqNo after, SeqNo to, bool follow) {
  while (true) {
    for (; after < to; after = SeqNo{raw(after) + 1})
      TRY(print_version(catalog, SeqNo{raw(after) + 1}));
    if (std::fflush(stdout) != 0) return fail(errno, "write");
    if (!follow) return {};
    std::this_thread::sleep_for(kFollowPause);
    to = TRY(catalog.head_seq_no());
  }
}

/// Where a reader of the feed stands: also a version that has expired since, or 0.
Result<SeqNo> position(const TableReader& reader, const std::string& text) {
  if (text == "0") return SeqNo::none;
  const auto number = parse_version_number(text);
  if (number && *number <= TRY(reader.catalog->head_seq_no())) return *number;
  return reader.version(text);
}

Result<void> changes(const ChangesArguments& arguments) {
  const auto reader = TRY(open_table_reader(arguments.place));
  const SeqNo from = TRY(position(reader, arguments.from));
  const SeqNo to = TRY(reader.version(arguments.to));
  const auto printed = print_changes(*reader.catalog, from, to, arguments.follow);
  return printed ? Result<void>() : fail_because(printed.error());
}

int run(const ChangesArguments& arguments) {
  const auto done = changes(arguments);
  return done ? kSucceeded : fail_with(done.error().context);
}

}  // namespace

Verb make_changes_verb(CLI::App& program) {
  CLI::App* command =
      program.add_subcommand("changes", "What versions did, as a feed of JSON lines");
  auto arguments = std::make_shared<ChangesArguments>();
  command->add_option("TABLE|MOUNTPOINT", arguments->place, "A table, mounted or not")->required();
  command->add_option("--from", arguments->from, "Only what came after this version; 0: all")
      ->required();
  command->add_option("--to", arguments->to, "Up to this version (latest)");
  command->add_flag("--follow", arguments->follow, "Go on with each new version as it comes");
  command->footer(
      R"(One object for each path that a version changed, in the order of versions, each with its "version": whoever was
stopped goes on with --from and the last version of which all was seen. The adoption, version 1, lists nothing. A
version that was removed is told as {"version": N, "expired": true}.

Examples:
  commitfs changes --from 41 ~/sales
  commitfs changes --from latest --follow /mnt/sales | jq -r .path)");
  return {.command = command, .run = [arguments] { return run(*arguments); }};
}

}  // namespace commitfs
