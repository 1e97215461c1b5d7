#pragma once

#include <atomic>
#include <cstdint>

namespace commitfs::fs {

/// What the mount counts, for `.commitfs/metrics`. Thread-safe.
struct Metrics {
  std::atomic<std::uint64_t> requests = 0;
  std::atomic<std::uint64_t> commits = 0;
  std::atomic<std::uint64_t> commits_refused = 0;
  std::atomic<std::uint64_t> sessions_begun = 0;
  std::atomic<std::uint64_t> sessions_discarded = 0;
};

}  // namespace commitfs::fs
