#include "txn/past/export.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "tools/table_reader.h"
#include "tools/text.h"
#include "tools/verb.h"
#include "txn/control_directory.h"
#include "txn/past/version_pin.h"

namespace commitfs {
namespace {

struct ExportArguments {
  std::filesystem::path place;
  std::string version;
  std::filesystem::path directory;
  bool link = false;
};

/// A line that is written over, for who looks at a terminal.
class Progress {
 public:
  void operator()(const past::ExportSummary& so_far) {
    if (!is_terminal_ || so_far.files % kEvery != 0) return;
    fmt::print(stderr, "\r{} files, {}", format_count(so_far.files), format_size(so_far.bytes));
    shown_ = true;
  }
  ~Progress() {
    if (shown_) fmt::print(stderr, "\n");
  }

 private:
  static constexpr std::uint64_t kEvery = 1000;
  const bool is_terminal_ = ::isatty(STDERR_FILENO) == 1;
  bool shown_ = false;
};

Result<past::ExportSummary> export_to(const ExportArguments& arguments) {
  const auto reader = TRY(open_table_reader(arguments.place));
  const SeqNo version = TRY(reader.version(arguments.version));
  const auto control = ControlDirectory::open(reader.table);
  if (!control) return fail_because(control.error());
  const auto store = ObjectStore::open(control->objects());
  if (!store) return fail_because(store.error());
  const auto pin = past::VersionPin::hold(control->fd(), *reader.catalog, version);
  if (!pin) return fail_because(pin.error());
  Progress progress;
  auto exported =
      past::export_version(*reader.catalog, *store, version, arguments.directory,
                           arguments.link ? past::ExportBodies::linked : past::ExportBodies::copied,
                           [&](const past::ExportSummary& so_far) { progress(so_far); });
  if (!exported) return fail_because(exported.error());
  return exported;
}

int run(const ExportArguments& arguments) {
  const auto done = export_to(arguments);
  if (!done) return fail_with(done.error().context);
  fmt::print("exported {} ({}) in {}\n", format_count_of(done->files, "file", "files"),
             format_size(done->bytes),
             format_count_of(done->directories, "directory", "directories"));
  if (done->kept > 0)
    fmt::print("{} were there already\n", format_count_of(done->kept, "file", "files"));
  if (done->left_out == 0) return kSucceeded;
  return fail_with(fmt::format("{} could not be set there",
                               format_count_of(done->left_out, "attribute", "attributes")));
}

}  // namespace

Verb make_export_verb(CLI::App& program) {
  CLI::App* command = program.add_subcommand("export", "Write a version as a plain directory");
  auto arguments = std::make_shared<ExportArguments>();
  command->add_option("TABLE|MOUNTPOINT", arguments->place, "A table, mounted or not")->required();
  command->add_option("VERSION", arguments->version, "A number, a tag, a time, latest or previous")
      ->required();
  command->add_option("DIRECTORY", arguments->directory, "Is made, or is there and empty")
      ->required();
  command->add_flag("--link", arguments->link,
                    "Hard links to the table's own file bodies: no space, but only for reading");
  command->footer(
      R"(Bytes, modes, owners, times, extended attributes and hard links are as in the version. Files are copied, by reflink
where the file system can. Needs no mount, and the right to read the table's directory. With --link, writing to an
exported file would change the table: it is for leaving commitfs, or for reading.

An export that was interrupted, or found no space, goes on when it is called again in the same way. While it runs its
version does not expire, in whatever process.

Exit status 1 also when some attribute (an owner, for one who is not root) could not be set.

Examples:
  commitfs export ~/sales latest ~/plain-sales
  commitfs export --link ~/sales good /srv/frozen)");
  return {.command = command, .run = [arguments] { return run(*arguments); }};
}

}  // namespace commitfs
