#include <fmt/format.h>

#include "tools/mount_point.h"
#include "tools/text.h"
#include "tools/verb.h"
#include "txn/table.h"

namespace commitfs {
namespace {

int run(const std::filesystem::path& directory) {
  std::error_code error;
  const std::filesystem::path table = std::filesystem::canonical(directory, error);
  if (error) return fail_with(fail_on(directory, error.value()).error().context);
  const auto mounts = read_mounts();
  if (!mounts) return fail_with(mounts.error().context);
  const MountEntry* below = find_mount_of(*mounts, table);
  if (below != nullptr && below->is_ours()) {
    return fail_with(
        fmt::format("{} lies in the commitfs mount at {}, and a table in a table cannot be",
                    table.native(), below->point.native()));
  }
  if (Table::is_table(table)) return fail_with(table.native() + " is a table already");
  const auto summary = Table::init(table);
  if (!summary) return fail_with(fail_because(summary.error()).error().context);
  fmt::print("{}\n", format_adoption(*summary));
  return kSucceeded;
}

}  // namespace

Verb make_init_verb(CLI::App& program) {
  CLI::App* command =
      program.add_subcommand("init", "Make a table of a directory, without mounting it");
  auto directory = std::make_shared<std::filesystem::path>();
  command->add_option("TABLE", *directory, "An existing directory, empty or not")->required();
  command->footer(
      R"(What the directory holds becomes version 1. Files are hard-linked into TABLE/.commitfs, none is copied
or changed, so this takes no space. `commitfs mount` does the same the first time.

Example:
  mkdir sales && commitfs init sales)");
  return {.command = command, .run = [directory] { return run(*directory); }};
}

}  // namespace commitfs
