#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

#include "tools/table_reader.h"
#include "tools/text.h"
#include "tools/verb.h"
#include "txn/past/usage.h"

namespace commitfs {
namespace {

struct DuArguments {
  std::filesystem::path place;
  std::vector<std::string> versions;
  bool json = false;
};

/// As du -h: "17", "1.3K", "26M", rounded up.
std::string human(std::uint64_t size_bytes) {
  constexpr std::string_view kUnits = "KMGTPE";
  if (size_bytes < 1024) return std::to_string(size_bytes);
  double size = static_cast<double>(size_bytes);
  std::size_t unit = 0;
  for (size /= 1024; size > 1023 && unit + 1 < kUnits.size(); ++unit)
    size /= 1024;
  if (size <= 9.9) return fmt::format("{:.1f}{}", std::ceil(size * 10) / 10, kUnits[unit]);
  return fmt::format("{:.0f}{}", std::ceil(size), kUnits[unit]);
}

using Tags = std::map<SeqNo, std::vector<std::string>>;

Result<Tags> read_tags(CatalogReader& catalog) {
  constexpr std::size_t kPage = 1000;
  Tags tags;
  std::string after;
  while (true) {
    const auto page = TRY(catalog.list_tags(after, kPage));
    for (const TagRecord& tag : page)
      tags[tag.seq_no].push_back(tag.name);
    if (page.size() < kPage) return tags;
    after = page.back().name;
  }
}

/// What was asked for, in that order; everything, newest first, when nothing was.
std::vector<past::VersionUsage> chosen(const past::Usage& usage, const std::vector<SeqNo>& asked) {
  if (asked.empty()) return {usage.versions.rbegin(), usage.versions.rend()};
  std::vector<past::VersionUsage> rows;
  for (const SeqNo version : asked) {
    const auto found =
        std::ranges::lower_bound(usage.versions, version, {}, &past::VersionUsage::version);
    if (found != usage.versions.end() && found->version == version) rows.push_back(*found);
  }
  return rows;
}

void print_json(const past::Usage& usage, const std::vector<past::VersionUsage>& rows,
                const Tags& tags, bool some) {
  nlohmann::ordered_json versions = nlohmann::ordered_json::array();
  for (const past::VersionUsage& row : rows) {
    const auto named = tags.find(row.version);
    versions.push_back({{"seq_no", raw(row.version)},
                        {"files", row.files},
                        {"bytes", row.bytes},
                        {"unique_bytes", row.unique_bytes},
                        {"shared_bytes", row.shared_bytes()},
                        {"tags", named != tags.end() ? named->second : Tags::mapped_type{}}});
  }
  nlohmann::ordered_json object;
  object["versions"] = std::move(versions);
  if (some) object["together_bytes"] = usage.together_bytes;
  object["total"] = {{"versions", usage.versions.size()},
                     {"bodies", usage.bodies},
                     {"bytes", usage.bytes},
                     {"removed_bytes", usage.unseen_bytes}};
  fmt::print("{}\n", object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

void print_table(const past::Usage& usage, const std::vector<past::VersionUsage>& rows,
                 const Tags& tags, bool some) {
  fmt::print("{:>8} {:>9} {:>7} {:>7} {:>7}  tags\n", "version", "files", "bytes", "unique",
             "shared");
  for (const past::VersionUsage& row : rows) {
    std::string line =
        fmt::format("{:>8} {:>9} {:>7} {:>7} {:>7}", raw(row.version), row.files, human(row.bytes),
                    human(row.unique_bytes), human(row.shared_bytes()));
    if (const auto named = tags.find(row.version); named != tags.end())
      line += fmt::format("  {}", fmt::join(named->second, " "));
    fmt::print("{}\n", line);
  }
  if (some) fmt::print("together: {} that no other version has\n", human(usage.together_bytes));
  fmt::print("all: {}, {} ({})", format_count_of(usage.versions.size(), "version", "versions"),
             format_count_of(usage.bodies, "body", "bodies"), human(usage.bytes));
  if (usage.unseen_bytes > 0)
    fmt::print("; {} of removed versions, about to be taken away", human(usage.unseen_bytes));
  fmt::print("\n");
}

Result<void> du(const DuArguments& arguments) {
  const auto reader = TRY(open_table_reader(arguments.place));
  std::vector<SeqNo> asked;
  for (const std::string& text : arguments.versions)
    asked.push_back(TRY(reader.version(text)));
  const auto usage = past::read_usage(reader.table, {asked.begin(), asked.end()});
  if (!usage) return fail_because(usage.error());
  const auto tags = read_tags(*reader.catalog);
  if (!tags) return fail_because(tags.error());
  const auto print = arguments.json ? print_json : print_table;
  print(*usage, chosen(*usage, asked), *tags, !asked.empty());
  return {};
}

int run(const DuArguments& arguments) {
  const auto done = du(arguments);
  return done ? kSucceeded : fail_with(done.error().context);
}

}  // namespace

Verb make_du_verb(CLI::App& program) {
  CLI::App* command = program.add_subcommand("du", "What versions take, and what only they have");
  auto arguments = std::make_shared<DuArguments>();
  command->add_option("TABLE|MOUNTPOINT", arguments->place, "A table, mounted or not")->required();
  command->add_option("VERSION", arguments->versions,
                      "Versions, by number, tag or time; all when there is none");
  command->add_flag("--json", arguments->json, "One JSON object, sizes in bytes");
  command->footer(
      R"(Of each version: its files, their bytes, those that no other version has (what goes if this one alone expires), and
those it shares with others. Of several versions also what only they have, together. Then all that the table stores,
each body once. Sizes are those of the files: an adopted file keeps its bytes while the directory itself has it too, and
a changed file may share blocks with what it was. Open sessions do not count.

Examples:
  commitfs du /mnt/sales
  commitfs du ~/sales before-migration latest
  commitfs du --json ~/sales | jq '.versions[] | select(.unique_bytes > 1e9) | .seq_no')");
  return {.command = command, .run = [arguments] { return run(*arguments); }};
}

}  // namespace commitfs
