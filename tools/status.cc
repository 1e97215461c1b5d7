#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <iterator>

#include "tools/mount_point.h"
#include "tools/text.h"
#include "tools/verb.h"

namespace commitfs {
namespace {

struct StatusArguments {
  std::filesystem::path place;
  bool json = false;
};

Result<std::string> read_status(const MountEntry& mount) {
  const std::filesystem::path path = mount.point / ".commitfs/status";
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  const int code = errno;
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (file.is_open() && !text.empty()) return text;
  if (code == ENOTCONN) {
    return fail(code, fmt::format("the daemon of {} has died; run: commitfs umount {}",
                                  mount.point.native(), mount.point.native()));
  }
  return fail_on(path, code == 0 ? EIO : code);
}

std::string to_text(const nlohmann::ordered_json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

/// Rows of objects with the same keys, as columns under their names.
void print_table(const nlohmann::ordered_json& rows) {
  std::vector<std::vector<std::string>> lines(1);
  for (const auto& [key, _] : rows.front().items())
    lines.front().push_back(key);
  for (const auto& row : rows) {
    std::vector<std::string>& line = lines.emplace_back();
    for (const std::string& key : lines.front()) {
      line.push_back(row.contains(key) ? to_text(row.at(key)) : "-");
    }
  }
  std::vector<std::size_t> widths(lines.front().size(), 0);
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i)
      widths[i] = std::max(widths[i], line[i].size());
  }
  for (const auto& line : lines) {
    std::string text;
    for (std::size_t i = 0; i < line.size(); ++i)
      text += fmt::format("  {:<{}}", line[i], widths[i]);
    text.erase(text.find_last_not_of(' ') + 1);
    fmt::print("{}\n", text);
  }
}

/// Values as `key: value` in the order given, then lists as tables.
void print_status(const nlohmann::ordered_json& status) {
  for (const auto& [key, value] : status.items()) {
    if (!value.is_structured()) fmt::print("{}: {}\n", key, to_text(value));
  }
  for (const auto& [key, value] : status.items()) {
    if (!value.is_array()) continue;
    fmt::print("{}: {}\n", key, value.empty() ? "none" : format_count(value.size()));
    if (!value.empty() && value.front().is_object()) print_table(value);
  }
}

int run(const StatusArguments& arguments) {
  const auto mount = find_our_mount(arguments.place);
  if (!mount) return fail_with(mount.error().context);
  const auto text = read_status(*mount);
  if (!text) return fail_with(text.error().context);
  if (arguments.json) {
    fmt::print("{}", *text);
    return kSucceeded;
  }
  const auto status = nlohmann::ordered_json::parse(*text, nullptr, false);
  if (!status.is_object()) {
    return fail_with(
        fmt::format("{}/.commitfs/status is not what was expected", mount->point.native()));
  }
  print_status(status);
  return kSucceeded;
}

}  // namespace

Verb make_status_verb(CLI::App& program) {
  CLI::App* command =
      program.add_subcommand("status", "Show a mount: its table, newest version and open sessions");
  auto arguments = std::make_shared<StatusArguments>();
  command->add_option("MOUNTPOINT", arguments->place, "Where it is mounted")->required();
  command->add_flag("--json", arguments->json, "As JSON, the same as MOUNTPOINT/.commitfs/status");
  command->footer(R"(Examples:
  commitfs status /mnt/sales
  commitfs status --json /mnt/sales | jq .sessions)");
  return {.command = command, .run = [arguments] { return run(*arguments); }};
}

}  // namespace commitfs
