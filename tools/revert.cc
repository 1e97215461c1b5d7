#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>

#include "tools/mount_point.h"
#include "tools/session_client.h"
#include "tools/text.h"
#include "tools/verb.h"
#include "txn/text.h"

namespace commitfs {
namespace {

struct RevertArguments {
  std::filesystem::path place;
  std::string version;
  std::string name;
};

int run(const RevertArguments& arguments) {
  const auto mount = find_mount_root(arguments.place);
  if (!mount) return fail_with(mount.error().context);
  const std::string name = arguments.name.empty() ? "revert-" + arguments.version : arguments.name;
  const std::filesystem::path path = *mount / "sessions" / name;
  if (::mkdir(path.c_str(), 0777) != 0)
    return fail_with(Error{errno, "begin " + printable(path.native())}.describe());
  const auto session = SessionClient::open(path);
  if (!session) return fail_with(session.error().context);
  const auto reverted = session->set("revert", arguments.version);
  if (!reverted) {
    fail_with(Error{reverted.error().code, "revert of version " + arguments.version}.describe());
    if (reverted.error().code == ECANCELED) fmt::print(stderr, "{}", session->read("conflicts"));
    if (::rmdir(path.c_str()) != 0)
      fail_with(Error{errno, "discard " + printable(path.native())}.describe());
    return kFailed;
  }
  fmt::print("{} takes back version {}: look at it, then move it into commit/\n",
             printable(path.native()), printable(arguments.version));
  return kSucceeded;
}

}  // namespace

Verb make_revert_verb(CLI::App& program) {
  CLI::App* command = program.add_subcommand("revert", "Begin a session that takes a version back");
  auto arguments = std::make_shared<RevertArguments>();
  command
      ->add_option("TABLE|MOUNTPOINT", arguments->place, "A table that is mounted, or where it is")
      ->required();
  command->add_option("VERSION", arguments->version, "A number, a tag, a time, latest or previous")
      ->required();
  command->add_option("--name", arguments->name, "The session's (revert-VERSION)");
  command->footer(
      R"(Makes a session at the newest version with the inverse of what VERSION changed, and leaves it to be looked at and
committed. Versions that came since stay as they are; where one of them changed the same, nothing is made and the paths
are printed. No file is copied.

Example:
  commitfs revert /mnt/sales 41 && cat /mnt/sales/sessions/revert-41/.commitfs/diff)");
  return {.command = command, .run = [arguments] { return run(*arguments); }};
}

}  // namespace commitfs
