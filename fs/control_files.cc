#include <fmt/format.h>

#include <array>

#include "fs/control.h"
#include "fs/control_settings.h"
#include "fs/fixed/directories.h"
#include "fs/mount_state.h"
#include "txn/config/config_store.h"
#include "txn/past/expiry.h"
#include "txn/past/revert.h"
#include "txn/status.h"
#include "txn/tags.h"
#include "txn/text.h"

/// The tables of control files: what each shows, and what it takes.
namespace commitfs::fs {
namespace {

constexpr std::size_t kLogPage = 1000;

ControlText whole(std::string text) {
  return {std::move(text), {}};
}
ControlText line(std::string value) {
  if (!value.empty()) value += '\n';
  return whole(std::move(value));
}

Result<std::string> log_page(Catalog& catalog, SeqNo& before) {
  std::string text;
  for (const VersionRecord& version : TRY(catalog.list_versions(before, kLogPage))) {
    std::string one = format_log_line(version, TRY(tag_names(catalog, version.seq_no)));
    if (one.empty() || one.back() != '\n') one += '\n';
    text += one;
    before = version.seq_no;
  }
  return text;
}

Result<ControlText> read_log(const ControlSource& source) {
  ControlText log;
  log.more = [&catalog = source.mount.catalog(), before = SeqNo::none,
              done = false]() mutable -> Result<std::string> {
    if (done) return std::string();
    std::string page = TRY(log_page(catalog, before));
    // No bound and version 1 look alike from here.
    done = page.empty() || before <= SeqNo{1};
    return page;
  };
  return log;
}

Result<ControlText> read_metrics(const ControlSource& source) {
  Mount& mount = source.mount;
  const auto sample = [](std::string_view name, std::string_view type, auto value) {
    return fmt::format("# TYPE commitfs_fuse_{0} {1}\ncommitfs_fuse_{0} {2}\n", name, type, value);
  };
  return whole(metrics_text(mount.table) + sample("nodes", "gauge", mount.nodes.size()) +
               sample("open_files", "gauge", mount.files.size()) +
               sample("open_directories", "gauge", mount.directories.size()) +
               sample("requests_total", "counter", mount.metrics.requests.load()) +
               sample("waiting_for_events", "gauge", mount.events.waiting()) +
               sample("passthrough", "gauge", mount.passthrough.active() ? 1 : 0));
}

Result<ControlText> read_config(const ControlSource& source) {
  const Mount& mount = source.mount;
  return whole(mount.table.context().config->shown() +
               fmt::format("# mount.passthrough = {}\n# mount.threads = {}\n",
                           mount.passthrough.active() ? "on" : "off", mount.options.threads));
}

ConfigStore::Author author_of(const ControlSource& source) {
  return {.uid = source.caller.uid, .gid = source.caller.gid};
}

Result<void> check_config(const ControlSource& source, std::string_view text, bool adds) {
  using Mode = ConfigStore::Mode;
  return source.mount.table.context().config->check(text, adds ? Mode::merge : Mode::replace,
                                                    author_of(source));
}

/// Some changes are a version of their own. `>`: what is written is the configuration from now on.
/// `: >` writes nothing and changes nothing; `echo >` takes every key back to its default.
Result<void> write_config(const ControlSource& source, std::string_view text) {
  TRY(source.mount.table.context().config->replace(text, author_of(source)));
  source.mount.events.look_at_head();
  return {};
}

/// `>>`: sets the keys written, the others stay.
Result<void> append_config(const ControlSource& source, std::string_view text) {
  TRY(source.mount.table.context().config->merge(text, author_of(source)));
  source.mount.events.look_at_head();
  return {};
}

Result<ControlText> read_report(const ControlSource& source, bool json) {
  const auto report = source.session->last_report();
  if (report == nullptr) return whole({});
  return whole(json ? report->to_json() : report->to_text());
}

Result<ControlText> read_check(const ControlSource& source) {
  const auto report = TRY(source.mount.sessions().pipeline().check(*source.session));
  return whole(report->to_text());
}

Result<void> write_base(const ControlSource& source, std::string_view value) {
  if (value != "head") return fail(EINVAL, "base can be moved to: head");
  [[maybe_unused]] const SeqNo base =
      TRY(source.mount.sessions().pipeline().move_base_to_head(*source.session));
  return {};
}

Result<ControlText> read_nothing(const ControlSource&) {
  return whole({});
}

/// `N`, or `N force` for one that open sessions began at. Of `mv snapshots/N discard/` the other
/// door, for programs.
Result<void> write_expire(const ControlSource& source, std::string_view value) {
  constexpr std::string_view kForced = " force";
  const bool by_force = value.ends_with(kForced);
  if (by_force) value.remove_suffix(kForced.size());
  const auto version = parse_version_number(value);
  if (!version) return fail(EINVAL, "expire takes: N, or N force");
  return source.mount.table.expiry().expire(*version,
                                            by_force ? past::Force::yes : past::Force::no);
}

/// The session takes the inverse of what a version did.
Result<void> write_reverted(const ControlSource& source, std::string_view value) {
  const auto version = TRY(source.mount.table.resolve_version(value));
  if (!version) return fail(EINVAL, "revert: no such version");
  return past::revert_version(source.mount.sessions(), *source.session, *version);
}

Result<ControlText> read_status(const ControlSource& source) {
  std::string text = session_status_text(*source.session);
  const SessionState state = source.session->state();
  if (state != SessionState::open && state != SessionState::freezing) return whole(text);
  for (const Holder& holder : source.mount.holders_of(*source.session))
    text += fmt::format("holder: {}\n", printable(holder.describe()));
  return whole(std::move(text));
}

Result<ControlText> read_metadata(const ControlSource& source) {
  auto all = source.session->metadata();
  const auto found = all.find(source.key);
  if (found == all.end()) return fail(ENOENT);
  return line(std::move(found->second));
}

constexpr std::array kRootFiles = {
    ControlFile{.name = "config",
                .read = read_config,
                .write = write_config,
                .append = append_config,
                .check = check_config,
                .slow = true,
                .of_table_owner = true},
    ControlFile{.name = "events", .tells_events = true},
    ControlFile{.name = "expire",
                .read = read_nothing,
                .write = write_expire,
                .slow = true,
                .of_table_owner = true},
    ControlFile{.name = "log", .read = read_log, .slow = true},
    ControlFile{.name = "metrics", .read = read_metrics},
    ControlFile{.name = "status",
                .read = [](const ControlSource& source) -> Result<ControlText> {
                  return whole(table_status_json(source.mount.table));
                }},
};

constexpr std::array kSessionFiles = {
    ControlFile{.name = "base",
                .read = [](const ControlSource& source) -> Result<ControlText> {
                  return line(std::to_string(raw(source.session->base())));
                },
                .write = write_base,
                .slow = true,
                .moves_tree = true},
    ControlFile{.name = "check", .read = read_check, .slow = true},
    ControlFile{.name = "conflicts",
                .read = [](const ControlSource& source) { return read_report(source, false); }},
    ControlFile{.name = "conflicts.json",
                .read = [](const ControlSource& source) { return read_report(source, true); }},
    ControlFile{.name = "diff",
                .read = [](const ControlSource& source) -> Result<ControlText> {
                  return whole(session_diff_text(*source.session));
                },
                .slow = true},
    ControlFile{.name = "early", .read = settings::read_early, .write = settings::write_early},
    ControlFile{.name = "frozen",
                .read = settings::read_frozen,
                .write = settings::write_frozen,
                .slow = true,
                .asks_hooks = true},
    ControlFile{
        .name = "isolation", .read = settings::read_isolation, .write = settings::write_isolation},
    ControlFile{.name = "message",
                .read = [](const ControlSource& source) -> Result<ControlText> {
                  return line(source.session->message());
                },
                .write =
                    [](const ControlSource& source, std::string_view value) {
                      return source.session->set_message(std::string(value));
                    },
                .appends = true},
    ControlFile{
        .name = "operation", .read = settings::read_operation, .write = settings::write_operation},
    ControlFile{
        .name = "recovered", .read = settings::read_recovered, .write = settings::write_recovered},
    ControlFile{.name = "replace",
                .read = settings::read_replace,
                .write = settings::write_replace,
                .appends = true},
    ControlFile{
        .name = "require", .read = settings::read_require, .write = settings::write_require},
    ControlFile{.name = "revert",
                .read = read_nothing,
                .write = write_reverted,
                .slow = true,
                .moves_tree = true},
    ControlFile{.name = "status", .read = read_status, .slow = true},
    ControlFile{.name = "token",
                .read = [](const ControlSource& source) -> Result<ControlText> {
                  return line(source.session->token().value_or(""));
                },
                .write =
                    [](const ControlSource& source, std::string_view value) {
                      return source.session->set_token(std::string(value));
                    }},
};

constexpr ControlFile kMetadataFile{.name = "meta/KEY",
                                    .read = read_metadata,
                                    .write =
                                        [](const ControlSource& source, std::string_view value) {
                                          return source.session->set_metadata(source.key,
                                                                              std::string(value));
                                        },
                                    .appends = true};

}  // namespace

std::span<const ControlFile> root_control_files() {
  return kRootFiles;
}
std::span<const ControlFile> session_control_files() {
  return kSessionFiles;
}
const ControlFile& metadata_control_file() {
  return kMetadataFile;
}

}  // namespace commitfs::fs
