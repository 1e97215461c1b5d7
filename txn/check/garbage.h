#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>

#include "meta/base/error.h"
#include "meta/types.h"
#include "txn/check/offline_table.h"

namespace commitfs {

struct GarbageOptions {
  bool dry_run = false;
  /// Only bodies that nothing has touched for so long.
  std::chrono::seconds min_age{3600};
};

struct GarbageSummary {
  std::uint64_t bodies = 0;  ///< removed, or that would be
  std::uint64_t bytes = 0;   ///< what they take on the disk
  std::uint64_t kept_young = 0;
  std::uint64_t strangers = 0;  ///< files in the store that are no bodies: left alone
};

/// Removes the bodies that nothing names: no version, the past included, no list of committed
/// bodies, and no staged session, be it one that could not be opened again. They are what crashed
/// and discarded sessions left behind. Each is given to `visit` before it goes.
///
/// The table must not be mounted: only its daemon knows which bodies it has made a moment ago and
/// not yet written down. The lock is held throughout, so there is no commit whose outcome is open;
/// what staging has forgotten is made durable first, so that power loss brings back no session
/// whose bodies are gone. Memory: one shard directory. Safe to be killed in, and to be run again.
/// Errors: EBUSY (mounted), EPROTO (an adoption is unfinished, or the catalog is not ours), ENOENT,
/// EIO; nothing was removed unless `visit` was called.
Result<GarbageSummary> collect_garbage(const std::filesystem::path& directory,
                                       const GarbageOptions& options,
                                       const std::function<void(ObjectId, std::uint64_t)>& visit);
/// The same of a table that is held already.
Result<GarbageSummary> remove_garbage(const OfflineTable& table, const GarbageOptions& options,
                                      const std::function<void(ObjectId, std::uint64_t)>& visit);

}  // namespace commitfs
