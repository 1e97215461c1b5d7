#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "txn/change_text.h"
#include "txn/config/config_store.h"
#include "txn/delta.h"
#include "txn/lost_base.h"
#include "txn/status.h"
#include "txn/text.h"

namespace commitfs {
namespace {

class Lines {
 public:
  template <typename Value>
  void add(std::string_view key, const Value& value) {
    out_ += fmt::format("{}: {}\n", key, value);
  }
  void add_error(const Error& error) { add("error", printable(error.describe())); }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

std::string error_text(int error) {
  const char* name = ::strerrorname_np(error);
  const char* meaning = ::strerrordesc_np(error);
  if (name == nullptr || meaning == nullptr) return std::to_string(error);
  return fmt::format("{} ({})", name, meaning);
}

/// The changes of an open session, or of the version it became.
Result<std::vector<ChangeRecord>> changes_of(Session& session) {
  Catalog& catalog = *session.context().catalog;
  if (session.state() == SessionState::discarded) return std::vector<ChangeRecord>{};
  if (const SeqNo version = session.committed_as(); version != SeqNo::none) {
    // Where nothing had changed, the version is another session's.
    const auto record = TRY(catalog.find_version(version));
    if (!record || record->session_id != session.id()) return std::vector<ChangeRecord>{};
    return catalog.list_changes(version);
  }
  return TRY(compute_delta(session, *session.context().store)).changes();
}

void add_counts(Lines& lines, Session& session) {
  const auto changes = changes_of(session);
  if (!changes) return lines.add_error(changes.error());
  std::map<char, std::uint64_t> counts;
  for (const ChangeRecord& change : *changes)
    ++counts[letter_of(change.kind)];
  lines.add("added", counts['A']);
  lines.add("modified", counts['M']);
  lines.add("deleted", counts['D']);
  lines.add("renamed", counts['R']);
}

void add_writers(Lines& lines, Session& session) {
  // A deadline that has passed: asks, and does not wait.
  for (const std::string& path : session.wait_for_writers({}))
    lines.add("open for writing", quote_name(path));
}

std::string seconds(TimeNs time_ns) {
  return fmt::format("{} s", time_ns / 1'000'000'000);
}

/// Age, last use, and what will come of it.
void add_lease(Lines& lines, const Session& session) {
  const TableContext& context = session.context();
  const TimeNs unused_ns = session.lease().unused_ns();
  lines.add("age", seconds(context.clock->now_ns() - session.created_ns()));
  lines.add("unused", seconds(unused_ns));
  if (const auto holds = session.lease().holds(); holds > 0)
    lines.add("held", fmt::format("{} open", holds));
  if (const auto time_to_live = current_config(context.config)->session_ttl) {
    const TimeNs left_ns = std::chrono::nanoseconds(*time_to_live).count() - unused_ns;
    const char* const what = session.expired() ? "removed" : "expires";
    lines.add(what, "in " + seconds(std::max<TimeNs>(left_ns, 0)));
  }
}

void add_settings(Lines& lines, const SessionSettings& settings) {
  const SessionSettings defaults;
  lines.add("isolation", to_string(settings.isolation));
  if (settings.operation != defaults.operation)
    lines.add("operation", to_string(settings.operation));
  if (settings.early != defaults.early) lines.add("early", to_string(settings.early));
  for (const std::string& path : settings.replace)
    lines.add("replaces", quote_name(path));
  if (!settings.require.empty()) lines.add("require", printable(settings.require));
  if (settings.frozen) lines.add("frozen", "it takes no changes");
}

}  // namespace

std::string_view to_string(SessionState state) {
  switch (state) {
    case SessionState::open:
      return "open";
    case SessionState::freezing:
      return "freezing";
    case SessionState::committed:
      return "committed";
    case SessionState::discarded:
      return "discarded";
  }
  return "unknown";
}

std::string_view session_state_text(const Session& session) {
  const SessionState state = session.state();
  return state == SessionState::open && session.expired() ? "expired" : to_string(state);
}

std::string session_status_text(Session& session) {
  Lines lines;
  const SessionState state = session.state();
  lines.add("session", quote_name(session.name()));
  lines.add("state", session_state_text(session));
  lines.add("base", raw(session.base()));
  if (const SeqNo version = session.committed_as(); version != SeqNo::none)
    lines.add("version", raw(version));
  const auto head = session.context().catalog->head_seq_no();
  if (head) lines.add("head", raw(*head));
  if (!head) lines.add_error(head.error());
  lines.add("created", format_time(session.created_ns()));
  lines.add("user", printable(user_name(session.uid())));
  add_counts(lines, session);
  add_settings(lines, *session.settings());
  if (const std::string error = session.require_error(); !error.empty())
    lines.add("require refused", printable(error));
  if (state != SessionState::open && state != SessionState::freezing) return lines.take();

  if (is_base_lost(*session.context().catalog, session.base()).value_or(false))
    lines.add("base expired", explain_lost_base(session.base()));
  add_lease(lines, session);
  if (const auto damaged = session.damaged_bodies(); !damaged.empty())
    lines.add("damaged", damaged.size());
  add_writers(lines, session);
  for (const std::string& note : session.early_notes())
    lines.add("early warning", note);
  if (session.last_error() != 0) lines.add("last error", error_text(session.last_error()));
  if (session.outlived_boot())
    lines.add("recovered", "the machine went down while this session was open");
  return lines.take();
}

std::string session_diff_text(Session& session) {
  const auto changes = changes_of(session);
  if (!changes) return fmt::format("error: {}\n", printable(changes.error().describe()));
  std::string out;
  for (const ChangeRecord& change : *changes)
    out += change_line(change.kind, change.path, change.old_path);
  return out;
}

}  // namespace commitfs
