#include "txn/past/expiry.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>
#include <exception>

#include "meta/base/fault.h"
#include "txn/config/config_store.h"
#include "txn/fenced_transaction.h"
#include "txn/lost_base.h"
#include "txn/open_sessions.h"
#include "txn/past/version_pin.h"

namespace commitfs::past {
namespace {

constexpr std::size_t kVersionsAtOnce = 1000;
/// In the catalog's configuration while removed versions may have left something, also after a
/// crash: when the last were removed.
constexpr std::string_view kPendingKey = "expiry.pending";
constexpr std::size_t kRowsAtOnce = 2000;
constexpr std::size_t kBodiesAtOnce = 1000;
/// How often the configuration is held against the versions.
constexpr std::chrono::seconds kPause{30};
constexpr TimeNs kSecond_ns = 1'000'000'000;

}  // namespace

Result<std::vector<SeqNo>> plan_expiry(CatalogReader& catalog, const Retention& retention,
                                       TimeNs now_ns) {
  std::vector<SeqNo> versions;
  if (retention.keeps_all()) return versions;
  std::uint64_t newer = 0;
  TimeNs replaced_ns = 0;  // when the next one became the head
  SeqNo before = SeqNo::none;
  while (true) {
    const auto page = TRY(catalog.list_versions(before, kVersionsAtOnce));
    if (page.empty()) break;
    for (const VersionRecord& version : page) {
      const bool kept_by_count = retention.keep_last && newer < *retention.keep_last;
      const bool kept_by_age =
          retention.keep_for && now_ns - replaced_ns < retention.keep_for->count() * kSecond_ns;
      const bool lets_go = newer > 0 && !kept_by_count && !kept_by_age;
      if (lets_go && TRY(catalog.tags_of(version.seq_no)).empty())
        versions.push_back(version.seq_no);
      replaced_ns = version.time_ns;
      ++newer;
    }
    before = page.back().seq_no;
    if (before <= SeqNo{1}) break;  // no bound and version 1 look alike from here
  }
  std::ranges::reverse(versions);
  return versions;
}

Expiry::Expiry(TableContext context, SessionManager& sessions, UniqueFd control_fd)
    : context_(std::move(context)),
      sessions_(sessions),
      control_fd_(std::move(control_fd)),
      thread_([this] { run(); }) {}

Expiry::~Expiry() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Expiry::start() {
  const auto left = pending();
  {
    MutexLock lock(mutex_);
    automatic_ = true;
    if (!left || !left->empty()) awake_ = true;
  }
  changed_.notify_all();
}

void Expiry::set_use_probe(UseProbe probe) {
  MutexLock lock(calls_mutex_);
  probe_ = std::move(probe);
}

void Expiry::set_listener(Listener listener) {
  MutexLock lock(calls_mutex_);
  listener_ = std::move(listener);
}

// Called with the lock, so that whoever takes a probe away can end what it looks at.
bool Expiry::is_used(SeqNo version) {
  MutexLock lock(calls_mutex_);
  return probe_ && probe_(version);
}

void Expiry::tell(const std::set<SeqNo>& versions) {
  sessions_.forget_receipts(versions);
  MutexLock lock(calls_mutex_);
  if (listener_) listener_(versions);
}

/// Before it is so: whoever finds something missing shall ask why.
void Expiry::note_lost_bases(const std::vector<SeqNo>& versions) const {
  for (const auto& session : sessions_.list()) {
    if (std::ranges::find(versions, session->base()) == versions.end()) continue;
    spdlog::warn("session {} loses its base, version {}", raw(session->id()), raw(session->base()));
    if (const auto kept = keep_names(*session); !kept)
      spdlog::warn("session {}: {}", raw(session->id()), kept.error().describe());
    if (const auto all = session->context().neighbours.lock()) all->note_lost_base();
  }
}

Result<std::set<SeqNo>> Expiry::remove(const std::vector<SeqNo>& versions, Force force,
                                       std::vector<SeqNo>& in_use) {
  std::vector<SeqNo> unused;
  for (const SeqNo version : versions)
    (is_used(version) ? in_use : unused).push_back(version);
  std::set<SeqNo> removed;
  TRY(sessions_.with_pinned_versions([&](const auto& pinned) -> Result<void> {
    std::set<SeqNo> kept = pinned.needed;
    if (force == Force::no) kept.insert(pinned.bases.begin(), pinned.bases.end());
    removed = TRY(remove_unpinned(kept, unused, in_use));
    return {};
  }));
  if (!removed.empty()) tell(removed);
  return removed;
}

Result<std::string> Expiry::pending() {
  return TRY(context_.catalog->find_config(kPendingKey)).value_or(std::string());
}

/// Unless more was removed since.
Result<void> Expiry::settle(const std::string& pending) {
  const auto transaction = TRY(begin_fenced(context_));
  if (TRY(transaction->find_config(kPendingKey)) != pending) return {};
  TRY(transaction->put_config(kPendingKey, ""));
  return transaction->commit();
}

Result<std::set<SeqNo>> Expiry::remove_unpinned(const std::set<SeqNo>& pinned,
                                                const std::vector<SeqNo>& versions,
                                                std::vector<SeqNo>& in_use) {
  std::optional<VersionClaims> claims;  // let go after the transaction has ended
  if (control_fd_) claims = TRY(VersionClaims::open(control_fd_.get()));
  const auto transaction = TRY(begin_fenced(context_));
  const SeqNo head = TRY(transaction->head_seq_no());
  std::vector<SeqNo> removed;
  for (const SeqNo version : versions) {
    if (!TRY(transaction->find_version(version))) continue;
    const bool needed = version == head || pinned.contains(version) ||
                        !TRY(transaction->tags_of(version)).empty() ||
                        (claims && !TRY(claims->claim(version)));
    (needed ? in_use : removed).push_back(version);
  }
  if (removed.empty()) return std::set<SeqNo>();
  TRY(transaction->remove_versions(removed));
  TRY(transaction->put_config(kPendingKey, std::to_string(context_.clock->now_ns())));
  note_lost_bases(removed);
  TRY(fault::point("expiry.before_commit"));
  TRY(transaction->commit());
  TRY(fault::point("expiry.removed"));
  return std::set<SeqNo>(removed.begin(), removed.end());
}

Result<void> Expiry::expire(SeqNo version, Force force) {
  if (!TRY(context_.catalog->find_version(version))) return fail(ENOENT, "expire a version");
  std::vector<SeqNo> in_use;
  TRY(remove({version}, force, in_use));
  if (!in_use.empty())
    return fail(EBUSY, fmt::format("expire version {}: it is needed", raw(version)));
  spdlog::info("version {} was removed", raw(version));
  {
    MutexLock lock(mutex_);
    awake_ = true;
  }
  changed_.notify_all();
  return {};
}

Result<ExpirySummary> Expiry::expire(const Retention& retention, Force force) {
  ExpirySummary summary;
  const auto planned = TRY(plan_expiry(*context_.catalog, retention, context_.clock->now_ns()));
  for (std::size_t first = 0; first < planned.size() && !stopping(); first += kVersionsAtOnce) {
    const std::size_t last = std::min(planned.size(), first + kVersionsAtOnce);
    const std::vector<SeqNo> some(planned.begin() + static_cast<std::ptrdiff_t>(first),
                                  planned.begin() + static_cast<std::ptrdiff_t>(last));
    const auto removed = TRY(remove(some, force, summary.in_use));
    summary.expired.insert(summary.expired.end(), removed.begin(), removed.end());
  }
  if (summary.expired.empty() && TRY(pending()).empty()) return summary;
  const auto collected = TRY(collect());
  summary.rows = collected.rows;
  summary.bodies = collected.bodies;
  summary.bytes = collected.bytes;
  spdlog::info("{} old versions were removed, with {} bodies", summary.expired.size(),
               summary.bodies);
  return summary;
}

Result<ExpirySummary> Expiry::collect() {
  ExpirySummary summary;
  MutexLock lock(collect_mutex_);
  const std::string left = TRY(pending());
  TRY(prune(summary));
  TRY(remove_bodies(summary));
  if (!left.empty() && !stopping()) TRY(settle(left));
  return summary;
}

Result<void> Expiry::prune(ExpirySummary& summary) {
  PruneCursor cursor;
  while (!cursor.done && !stopping()) {
    const auto transaction = TRY(begin_fenced(context_));
    const std::size_t gone = TRY(transaction->prune(cursor, kRowsAtOnce));
    summary.rows += gone;
    // What changed nothing needs no fsync.
    if (gone > 0) TRY(transaction->commit());
    TRY(fault::point("expiry.pruned"));
  }
  return {};
}

Result<void> Expiry::remove_bodies(ExpirySummary& summary) {
  while (!stopping()) {
    const auto unnamed = TRY(context_.catalog->list_unnamed_objects(kBodiesAtOnce));
    if (unnamed.empty()) return {};
    const auto transaction = TRY(begin_fenced(context_));
    TRY(transaction->forget_objects(unnamed));
    TRY(transaction->commit());
    TRY(fault::point("expiry.forgotten"));
    for (const ObjectId id : unnamed) {
      if (const auto body = context_.store->stat(id); body && body->st_nlink == 1)
        summary.bytes += static_cast<std::uint64_t>(body->st_blocks) * 512;
      if (const auto removed = context_.store->remove(id); !removed) {
        spdlog::warn("body {}: {}", raw(id), removed.error().describe());
        continue;
      }
      ++summary.bodies;
    }
  }
  return {};
}

bool Expiry::stopping() const {
  MutexLock lock(mutex_);
  return stopping_;
}

void Expiry::run() {
  while (true) {
    bool collects = false;
    bool automatic = false;
    {
      const auto next = std::chrono::steady_clock::now() + kPause;
      MutexLock lock(mutex_);
      while (!stopping_ && !awake_ && changed_.wait_until(mutex_, next)) {
      }
      if (stopping_) return;
      collects = std::exchange(awake_, false);
      automatic = automatic_;
    }
    try {
      if (collects) {
        if (const auto collected = collect(); !collected)
          spdlog::error("removed versions: {}", collected.error().describe());
      }
      if (automatic) keep_to_configuration();
    } catch (const std::exception& error) {
      spdlog::error("expiry: {}", error.what());
    }
  }
}

void Expiry::keep_to_configuration() {
  const auto config = current_config(context_.config);
  const Retention retention{.keep_last = config->keep_last, .keep_for = config->keep_for};
  if (retention.keeps_all()) return;
  if (const auto done = expire(retention); !done)
    spdlog::error("expiry: {}", done.error().describe());
}

}  // namespace commitfs::past
