#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>
#include <fstream>
#include <iterator>

#include "tools/mount_point.h"
#include "tools/text.h"
#include "tools/verb.h"
#include "txn/text.h"

namespace commitfs {
namespace {

using Json = nlohmann::json;

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

using Row = std::array<std::string, 5>;

Row to_row(const Json& session) {
  const std::string name = session.value("name", "");
  return {quote_name(name), std::to_string(session.value("base", std::uint64_t{0})),
          format_age(session.value("age_s", std::int64_t{0})),
          printable(user_name(session.value("uid", uid_t{0}))), session.value("state", "")};
}

/// One session a line, under the columns' names.
void print_sessions(const Json& sessions) {
  std::vector<Row> rows = {{"session", "base", "age", "owner", "state"}};
  for (const Json& session : sessions)
    rows.push_back(to_row(session));
  std::array<std::size_t, std::tuple_size_v<Row>> widths{};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], row[i].size());
  }
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i + 1 < row.size(); ++i)
      line += fmt::format("  {:<{}}", row[i], widths[i]);
    fmt::print("{}  {}\n", line, row.back());
  }
}

/// See txn/status.h for what there is; what is missing is shown as nothing.
void print_status(const MountEntry& mount, const Json& status) {
  const Json head = status.value("head", Json::object());
  const Json counts = status.value("counts", Json::object());
  const auto count = [&counts](const char* key) { return counts.value(key, std::uint64_t{0}); };
  fmt::print("table:     {}\n", printable(status.value("table", mount.source)));
  fmt::print("mounted:   {}\n", printable(mount.point.native()));
  if (head.is_object()) {
    fmt::print("head:      version {} (term {}), {}\n", head.value("seq_no", std::uint64_t{0}),
               head.value("term", std::uint64_t{0}), head.value("time", ""));
  }
  fmt::print("term:      {}\n", status.value("term", std::uint64_t{0}));
  fmt::print(
      "commits:   {}, {} refused for a conflict, {} for another reason, since it was mounted\n",
      format_count(count("commits")), format_count(count("conflicts")),
      format_count(count("refused")));
  const Json sessions = status.value("sessions", Json::array());
  fmt::print("sessions:  {}\n",
             sessions.empty() ? "none open" : format_count(sessions.size()) + " open");
  if (!sessions.empty()) print_sessions(sessions);
  if (status.contains("error")) fmt::print("error:     {}\n", printable(status.value("error", "")));
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
  const Json status = Json::parse(*text, nullptr, false);
  if (!status.is_object()) {
    return fail_with(
        fmt::format("{}/.commitfs/status is not what was expected", mount->point.native()));
  }
  print_status(*mount, status);
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
