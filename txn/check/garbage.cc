#include "txn/check/garbage.h"

#include <algorithm>
#include <cerrno>
#include <optional>

#include "meta/base/fault.h"
#include "meta/object_walk.h"
#include "txn/check/named_bodies.h"
#include "txn/check/offline_table.h"
#include "txn/file_time.h"

namespace commitfs {
namespace {

class Collector {
 public:
  Collector(const OfflineTable& table, const GarbageOptions& options,
            const std::function<void(ObjectId, std::uint64_t)>& visit)
      : table_(table),
        visit_(visit),
        dry_run_(options.dry_run),
        newest_ns_(table.now_ns() - std::chrono::nanoseconds(options.min_age).count()) {}

  Result<GarbageSummary> run() {
    auto named = TRY(NamedBodies::open(table_));
    for (const std::uint64_t shard : TRY(list_shards(table_.store()))) {
      const Shard there = TRY(list_shard(table_.store(), shard));
      summary_.strangers += there.strangers.size();
      for (const ObjectId body : there.bodies) {
        if (!TRY(named.contains(body))) TRY(collect(body));
      }
    }
    return summary_;
  }

 private:
  Result<void> collect(ObjectId body) {
    const struct stat found = TRY(table_.store().stat(body));
    // An adopted body keeps its mtime; its ctime is when it was linked.
    const TimeNs touched_ns = std::max(to_ns(found.st_mtim), to_ns(found.st_ctim));
    if (touched_ns > newest_ns_) {
      ++summary_.kept_young;
      return {};
    }
    const auto size_bytes = static_cast<std::uint64_t>(found.st_blocks) * 512;
    visit_(body, size_bytes);
    ++summary_.bodies;
    summary_.bytes += size_bytes;
    if (dry_run_) return {};
    TRY(fault::point("gc.before_remove"));
    return table_.store().remove(body);
  }

  const OfflineTable& table_;
  const std::function<void(ObjectId, std::uint64_t)>& visit_;
  const bool dry_run_;
  const TimeNs newest_ns_;
  GarbageSummary summary_;
};

}  // namespace

Result<GarbageSummary> collect_garbage(const std::filesystem::path& directory,
                                       const GarbageOptions& options,
                                       const std::function<void(ObjectId, std::uint64_t)>& visit) {
  return remove_garbage(TRY(OfflineTable::open(directory)), options, visit);
}

Result<GarbageSummary> remove_garbage(const OfflineTable& table, const GarbageOptions& options,
                                      const std::function<void(ObjectId, std::uint64_t)>& visit) {
  TRY(table.sync_staging());
  return Collector(table, options, visit).run();
}

}  // namespace commitfs
