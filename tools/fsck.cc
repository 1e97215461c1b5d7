#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "tools/text.h"
#include "tools/verb.h"
#include "txn/check/table_check.h"
#include "txn/text.h"

namespace commitfs {
namespace {

/// As of fsck(8).
enum FsckStatus : int { kClean = 0, kCorrected = 1, kLeft = 4, kNotChecked = 8 };

/// One line on a terminal that is written over and over; nothing where standard error is none.
class ProgressLine {
 public:
  void show(std::string_view what, std::uint64_t done, std::uint64_t of) {
    if (!is_terminal_) return;
    const std::uint64_t percent = of == 0 ? 100 : done * 100 / of;
    if (what == what_ && percent == percent_) return;
    what_ = what;
    percent_ = percent;
    fmt::print(stderr, "\r\033[Kchecking {}: {} %", what, percent);
    std::fflush(stderr);
  }
  void clear() {
    if (is_terminal_ && !what_.empty()) fmt::print(stderr, "\r\033[K");
    what_.clear();
  }

 private:
  const bool is_terminal_ = ::isatty(STDERR_FILENO) == 1;
  std::string what_;
  std::uint64_t percent_ = 0;
};

int report(const CheckSummary& summary, const CheckOptions& options) {
  fmt::print("{}, {}", format_count_of(summary.bodies, "body", "bodies"),
             format_count_of(summary.found, "error", "errors"));
  if (summary.repaired > 0) fmt::print(", {} repaired", format_count(summary.repaired));
  if (summary.notes > 0) fmt::print(", {}", format_count_of(summary.notes, "note", "notes"));
  if (summary.notes_cleared > 0) fmt::print(", {} cleared", format_count(summary.notes_cleared));
  if (options.data) {
    fmt::print(", {} noted", format_count_of(summary.checksums_noted, "checksum", "checksums"));
  }
  fmt::print("\n");
  if (summary.found > summary.repaired) return kLeft;
  return summary.repaired > 0 || summary.notes_cleared > 0 ? kCorrected : kClean;
}

int run(const std::filesystem::path& table, const CheckOptions& options) {
  ProgressLine line;
  const CheckListener listener{.found =
                                   [&](const Finding& finding) {
                                     line.clear();
                                     fmt::print("{}{}: {}\n", finding.note ? "note: " : "",
                                                finding.rule, printable(finding.text));
                                   },
                               .progress = [&](std::string_view what, std::uint64_t done,
                                               std::uint64_t of) { line.show(what, done, of); }};
  const auto summary = check_table(table, options, listener);
  line.clear();
  if (!summary) {
    (void)fail_with(fail_because(summary.error()).error().context);
    return kNotChecked;
  }
  return report(*summary, options);
}

}  // namespace

Verb make_fsck_verb(CLI::App& program) {
  CLI::App* command = program.add_subcommand("fsck", "Check a table, and mend what can be mended");
  auto table = std::make_shared<std::filesystem::path>();
  auto options = std::make_shared<CheckOptions>();
  command->add_option("TABLE", *table, "A table that is not mounted")->required();
  command->add_flag("--data", options->data,
                    "Read every body and compare its checksum; where none is known it is noted");
  command->add_flag("--repair", options->repair, "Mend what can be mended without losing anything");
  command->footer(
      R"(Prints one line for each thing found: catalog against itself, against the file bodies, both ways, and against the
open sessions; adopted files that were changed from outside. A note is no damage.

Exit status: 0 nothing is wrong, 1 all of it was mended, 4 something is wrong still, 8 it could not be checked, 2 the
command line makes no sense.

Example:
  commitfs fsck --data ~/sales)");
  return {.command = command, .run = [table, options] { return run(*table, *options); }};
}

}  // namespace commitfs
