#include "txn/status.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstring>

#include "txn/lost_base.h"
#include "txn/text.h"

namespace commitfs {
namespace {

using Json = nlohmann::ordered_json;

constexpr TimeNs kSecond_ns = 1'000'000'000;

Json session_to_json(const Session& session, TimeNs now_ns) {
  const Utf8Text name = to_utf8(session.name());
  Json object = {{"name", name.text},
                 {"state", session_state_text(session)},
                 {"base", raw(session.base())},
                 {"uid", session.uid()},
                 {"age_s", (now_ns - session.created_ns()) / kSecond_ns},
                 {"unused_s", session.lease().unused_ns() / kSecond_ns},
                 {"held", session.lease().holds()}};
  if (name.escaped) object["escaped"] = true;
  if (is_base_lost(*session.context().catalog, session.base()).value_or(false))
    object["base_expired"] = true;
  return object;
}

Json head_to_json(const VersionRecord& head) {
  return {
      {"seq_no", raw(head.seq_no)}, {"term", raw(head.term)}, {"time", format_time(head.time_ns)}};
}

/// The lines of one metric.
class Metrics {
 public:
  void describe(std::string_view name, std::string_view type, std::string_view help) {
    out_ += fmt::format("# HELP commitfs_{0} {2}\n# TYPE commitfs_{0} {1}\n", name, type, help);
  }
  template <typename Number>
  void value(std::string_view name, Number number) {
    out_ += fmt::format("commitfs_{} {}\n", name, number);
  }
  void labelled(std::string_view name, std::string_view label, std::string_view text,
                std::uint64_t number) {
    value(fmt::format("{}{{{}=\"{}\"}}", name, label, text), number);
  }
  void counter(std::string_view name, std::string_view help, std::uint64_t number) {
    describe(name, "counter", help);
    value(name, number);
  }
  void gauge(std::string_view name, std::string_view help, std::uint64_t number) {
    describe(name, "gauge", help);
    value(name, number);
  }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

void add_commits(Metrics& metrics, const CommitCounts& counts) {
  metrics.describe("commits_total", "counter", "Commits of this mount by result.");
  metrics.labelled("commits_total", "result", "committed", counts.committed);
  metrics.labelled("commits_total", "result", "unchanged", counts.unchanged);
  metrics.labelled("commits_total", "result", "conflict", counts.conflicts);
  metrics.labelled("commits_total", "result", "refused", counts.refused);
  metrics.describe("refusals_total", "counter", "Commits that failed, by errno.");
  for (const auto& [error, count] : counts.errors) {
    const char* name = ::strerrorname_np(error);
    metrics.labelled("refusals_total", "errno", name != nullptr ? name : std::to_string(error),
                     count);
  }
  metrics.describe("conflicts_total", "counter", "Conflicts that refused commits reported.");
  for (const ConflictCategory category : conflict_categories()) {
    const auto found = counts.categories.find(category);
    metrics.labelled("conflicts_total", "category", to_string(category),
                     found == counts.categories.end() ? 0 : found->second);
  }
}

void add_durations(Metrics& metrics, const CommitCounts& counts) {
  constexpr std::string_view kName = "commit_duration_seconds";
  metrics.describe(kName, "histogram", "From the request of a commit to its answer.");
  const std::string bucket = fmt::format("{}_bucket", kName);
  std::uint64_t total = 0;
  for (std::size_t index = 0; index < CommitCounts::kBounds_s.size(); ++index) {
    total += counts.durations[index];
    metrics.labelled(bucket, "le", fmt::format("{}", CommitCounts::kBounds_s[index]), total);
  }
  total += counts.durations.back();
  metrics.labelled(bucket, "le", "+Inf", total);
  metrics.value(fmt::format("{}_sum", kName), counts.durations_sum_s);
  metrics.value(fmt::format("{}_count", kName), total);
}

}  // namespace

std::string table_status_json(Table& table) {
  const TableContext& context = table.context();
  const TimeNs now_ns = context.clock->now_ns();
  const auto sessions = table.sessions().list();
  const CommitCounts counts = table.sessions().commit_counts();
  const auto head = context.catalog->head();
  Json object = {{"schema", 1},
                 {"table", to_utf8(table.directory().string()).text},
                 {"time", format_time(now_ns)},
                 {"head", head ? head_to_json(*head) : Json(nullptr)},
                 {"term", raw(table.term())},
                 {"sessions", Json::array()}};
  for (const auto& session : sessions)
    object["sessions"].push_back(session_to_json(*session, now_ns));
  object["counts"] = {
      {"open_sessions", sessions.size()}, {"recovered_sessions", table.recovered_sessions()},
      {"commits", counts.committed},      {"unchanged", counts.unchanged},
      {"conflicts", counts.conflicts},    {"refused", counts.refused}};
  if (!head) object["error"] = to_utf8(head.error().describe()).text;
  return object.dump(2) + '\n';
}

std::string metrics_text(Table& table) {
  Metrics metrics;
  const TableContext& context = table.context();
  const CommitCounts counts = table.sessions().commit_counts();
  if (const auto head = context.catalog->head_seq_no()) {
    metrics.gauge("head_seq_no", "Number of the newest version.", raw(*head));
  }
  metrics.gauge("term", "Term of this mount.", raw(table.term()));
  metrics.gauge("open_sessions", "Sessions not committed and not discarded.",
                table.sessions().list().size());
  metrics.gauge("recovered_sessions", "Sessions an earlier mount left open.",
                table.recovered_sessions());
  const LeaseCounts leases = table.sessions().lease_counts();
  metrics.counter("expired_sessions_total", "Sessions that nobody used for too long.",
                  leases.expired);
  metrics.counter("reaped_sessions_total", "Expired sessions that were removed.", leases.reaped);
  add_commits(metrics, counts);
  add_durations(metrics, counts);
  if (const auto store = context.store->statistics()) {
    metrics.gauge("store_free_bytes", "Space left on the file system below.",
                  store->f_bavail * store->f_frsize);
  }
  return metrics.take();
}

}  // namespace commitfs
