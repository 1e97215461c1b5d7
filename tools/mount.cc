#include "fs/mount.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include "tools/daemonize.h"
#include "tools/logging.h"
#include "tools/mount_check.h"
#include "tools/mount_options.h"
#include "tools/text.h"
#include "tools/verb.h"
#include "txn/table.h"

namespace commitfs {
namespace {

struct MountArguments {
  std::filesystem::path table;
  std::filesystem::path mount_point;
  std::vector<std::string> options;
  bool foreground = false;
  std::filesystem::path log_file;
  std::string log_level = "info";
};

/// A mount with everything that could be checked beforehand.
struct MountPlan {
  MountPlaces places;
  MountSettings settings;
  LogSettings log;
  bool foreground = false;
};

Result<LogSettings> choose_log(const MountArguments& arguments, bool foreground) {
  LogSettings log;
  log.level = arguments.log_level;
  if (!arguments.log_file.empty()) {
    std::error_code error;
    log.sink = LogSettings::Sink::file;
    // Absolute, for a daemon works in "/".
    log.file = std::filesystem::absolute(arguments.log_file, error);
    if (error) return fail_on(arguments.log_file, error.value());
  } else if (foreground) {
    log.sink = LogSettings::Sink::standard_error;
  }
  return log;
}

/// One descriptor a file open through passthrough: as many as we may have.
void raise_open_files_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

/// Adopts the directory if it is none of ours yet. Answers what to tell the user; empty when there
/// was nothing to do.
Result<std::string> adopt(const std::filesystem::path& directory) {
  if (Table::is_table(directory)) return std::string();
  std::error_code error;
  if (std::filesystem::exists(directory / ".commitfs/catalog.db", error)) {
    // Refused before anything is touched: it may be another program's.
    const auto catalog = Table::open_catalog(directory);
    if (!catalog && catalog.error().code == EPROTO) return fail_because(catalog.error());
  }
  const auto summary = Table::init(directory);
  if (!summary) return fail_because(summary.error());
  return format_adoption(*summary);
}

std::string ready_message(const MountPlan& plan, std::string adopted, std::size_t recovered) {
  std::string message = std::move(adopted);
  const auto add_line = [&](const std::string& line) {
    message += message.empty() ? line : "\n" + line;
  };
  if (recovered > 0) {
    add_line("took up " + format_count_of(recovered, "session", "sessions") + " left open");
  }
  if (plan.foreground) {
    add_line(fmt::format("{} is mounted at {}; interrupt to unmount", plan.places.table.native(),
                         plan.places.mount_point.native()));
  }
  return message;
}

using ReadyCallback = std::function<void(const std::string& message)>;

/// Serves until unmounted. Calls `on_ready` with what to tell the user. The error is a sentence.
Result<void> serve(const MountPlan& plan, const ReadyCallback& on_ready) {
  ::umask(S_IWGRP | S_IWOTH);
  raise_open_files_limit();
  TRY(check_fuse());
  std::string adopted = TRY(adopt(plan.places.table));
  if (!adopted.empty()) spdlog::info("{}: {}", plan.places.table.native(), adopted);
  auto opened = Table::open(plan.places.table, plan.settings.commit);
  if (!opened) return fail_because(opened.error());
  const std::unique_ptr<Table> table = *std::move(opened);
  const std::string message = ready_message(plan, std::move(adopted), table->recovered_sessions());
  return serve_mount(*table, plan.places.mount_point, plan.settings.mount,
                     [&] { on_ready(message); });
}

Result<void> serve_and_log(const MountPlan& plan, const ReadyCallback& on_ready) {
  TRY(start_logging(plan.log));
  auto served = serve(plan, on_ready);
  // On standard error it is printed anyway.
  if (!served && plan.log.sink != LogSettings::Sink::standard_error) {
    spdlog::error("{}", served.error().context);
  }
  return served;
}

int serve_in_foreground(const MountPlan& plan) {
  const auto served = serve_and_log(plan, [](const std::string& message) {
    fmt::print("{}\n", message);
    std::fflush(stdout);
  });
  return served ? kSucceeded : fail_with(served.error().context);
}

int serve_in_background(const MountPlan& plan) {
  return run_in_background([&plan](StartReport& report) -> int {
    const auto served =
        serve_and_log(plan, [&report](const std::string& message) { report.ready(message); });
    if (!served) report.failed(served.error().context);
    return served ? kSucceeded : kFailed;
  });
}

int run(const MountArguments& arguments) {
  MountSettings defaults;
  defaults.mount.allow_other = ::geteuid() == 0;
  auto settings = parse_mount_options(arguments.options, defaults);
  if (!settings) return refuse_usage(settings.error().context);

  const bool foreground = arguments.foreground || settings->mount.debug;
  auto log = choose_log(arguments, foreground);
  if (!log) return fail_with(log.error().context);
  const auto mounts = read_mounts();
  if (!mounts) return fail_with(mounts.error().context);
  auto places = check_places(*mounts, arguments.table, arguments.mount_point);
  if (!places) return fail_with(places.error().context);

  const MountPlan plan{.places = *std::move(places),
                       .settings = *std::move(settings),
                       .log = *std::move(log),
                       .foreground = foreground};
  return foreground ? serve_in_foreground(plan) : serve_in_background(plan);
}

std::string footer() {
  return "Options (-o), comma-separated:\n" + describe_mount_options() + R"(
The first mount of a plain directory adopts it as version 1: every file gets a second, hidden name
under TABLE/.commitfs, none is copied or changed. Later versions live in TABLE/.commitfs alone; work
through the mount from then on.

The command returns when the mount answers. The daemon logs to syslog, with -f to standard error.

Examples:
  commitfs mount ~/sales /mnt/sales
  commitfs mount -o no_passthrough,threads=2 --log-file /tmp/sales.log ~/sales /mnt/sales
  commitfs mount -f ~/sales /mnt/sales      # stay in this terminal; Ctrl-C unmounts

Then:
  mkdir /mnt/sales/sessions/nightly
  cp new.csv /mnt/sales/sessions/nightly/
  mv /mnt/sales/sessions/nightly /mnt/sales/commit/)";
}

}  // namespace

Verb make_mount_verb(CLI::App& program) {
  CLI::App* command = program.add_subcommand("mount", "Mount a table directory");
  auto arguments = std::make_shared<MountArguments>();
  command->add_option("TABLE", arguments->table, "The table's directory")->required();
  command->add_option("MOUNTPOINT", arguments->mount_point, "A directory to mount it at")
      ->required();
  command->add_option("-o,--options", arguments->options, "Mount options, see below")
      ->allow_extra_args(false);
  command->add_flag("-f,--foreground", arguments->foreground, "Stay in the foreground");
  command->add_option("--log-file", arguments->log_file, "Append the log to this file");
  command->add_option("--log-level", arguments->log_level, "How much to log")
      ->check(CLI::IsMember(log_levels()))
      ->capture_default_str();
  command->footer(footer());
  return {.command = command, .run = [arguments] { return run(*arguments); }};
}

}  // namespace commitfs
