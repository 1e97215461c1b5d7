#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <vector>

#include "meta/base/error.h"
#include "meta/types.h"

namespace commitfs::past {

/// What one version takes. Sizes are those of the files, and a body counts once, however many files
/// have it. (Files that the table adopted have a second name outside of the store, and a file that
/// a session changed may share blocks with what it was: so less may come free than is said here.)
struct VersionUsage {
  SeqNo version = SeqNo::none;
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::uint64_t unique_bytes = 0;  ///< in no other version: what goes if this one alone expires

  std::uint64_t shared_bytes() const { return bytes - unique_bytes; }
};

struct Usage {
  std::vector<VersionUsage> versions;  ///< oldest first
  std::uint64_t bodies = 0;            ///< in any of them, each once
  std::uint64_t bytes = 0;
  std::uint64_t together_bytes =
      0;                           ///< in none but the versions asked for: what goes with them all
  std::uint64_t unseen_bytes = 0;  ///< of versions that were removed, and not taken away yet
};

/// What the versions of a table take, mounted or not, and those of `together` as if they were one.
/// Reads every record of a file once, of the past too, whatever the number of versions, and holds
/// some words a version in memory. Open sessions do not count. Errors: those of the catalog.
Result<Usage> read_usage(const std::filesystem::path& table, const std::set<SeqNo>& together = {});

}  // namespace commitfs::past
