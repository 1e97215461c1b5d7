#include <fmt/format.h>

#include "tools/text.h"
#include "tools/verb.h"
#include "txn/check/garbage.h"

namespace commitfs {
namespace {

struct GcArguments {
  std::filesystem::path table;
  bool dry_run = false;
  std::int64_t min_age_s = 3600;
};

int run(const GcArguments& arguments) {
  const GarbageOptions options{.dry_run = arguments.dry_run,
                               .min_age = std::chrono::seconds(arguments.min_age_s)};
  const auto print_body = [&](ObjectId body, std::uint64_t size_bytes) {
    if (arguments.dry_run) fmt::print("body {} ({})\n", raw(body), format_size(size_bytes));
  };
  const auto summary = collect_garbage(arguments.table, options, print_body);
  if (!summary) return fail_with(fail_because(summary.error()).error().context);
  fmt::print("{} {} ({}) that belonged to nothing\n",
             arguments.dry_run ? "would remove" : "removed",
             format_count_of(summary->bodies, "body", "bodies"), format_size(summary->bytes));
  if (summary->kept_young > 0) {
    fmt::print("left {} younger than {}\n", format_count_of(summary->kept_young, "body", "bodies"),
               format_age(arguments.min_age_s));
  }
  if (summary->strangers > 0) {
    fmt::print("left {} that commitfs did not make\n",
               format_count_of(summary->strangers, "file", "files"));
  }
  return kSucceeded;
}

}  // namespace

Verb make_gc_verb(CLI::App& program) {
  CLI::App* command = program.add_subcommand("gc", "Remove file bodies that belong to nothing");
  auto arguments = std::make_shared<GcArguments>();
  command->add_option("TABLE", arguments->table, "A table that is not mounted")->required();
  command->add_flag("--dry-run", arguments->dry_run, "List them, remove nothing");
  command
      ->add_option("--min-age", arguments->min_age_s,
                   "Only those that nothing has touched for so many seconds (3600)")
      ->check(CLI::NonNegativeNumber);
  command->footer(
      R"(A daemon that was killed may leave bodies of files that no version, no older version and no open session names.
They take space and do no harm. The table must not be mounted: only its daemon knows which bodies it has made a
moment ago and not yet written down.

Example:
  commitfs gc --dry-run ~/sales)");
  return {.command = command, .run = [arguments] { return run(*arguments); }};
}

}  // namespace commitfs
