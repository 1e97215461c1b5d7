#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "meta/base/error.h"

namespace commitfs {

/// One thing that was found.
struct Finding {
  std::string rule;   ///< "missing-body"
  std::string text;   ///< what and where; may hold any bytes
  bool note = false;  ///< worth knowing, no damage
  bool repairable = false;
};

struct CheckOptions {
  bool data = false;    ///< read every body too
  bool repair = false;  ///< what can be mended without losing anything
};

struct CheckSummary {
  std::uint64_t found = 0;     ///< damage, notes not counted
  std::uint64_t repaired = 0;  ///< of it
  std::uint64_t notes = 0;
  std::uint64_t notes_cleared = 0;  ///< orphans removed
  std::uint64_t bodies = 0;
  std::uint64_t data_found = 0;  ///< of `found`: what only reading tells
  std::uint64_t checksums_noted = 0;
};

/// Who listens to a check.
struct CheckListener {
  std::function<void(const Finding&)> found;
  /// Something is being done: what, how much of it is done, and of how much.
  std::function<void(std::string_view what, std::uint64_t done, std::uint64_t of)> progress;
};

/// Holds a table against itself: both databases as SQLite sees them; rows against each other
/// (meta/sqlite/row_rules.h); the catalog and the staged sessions against the store, both ways;
/// with `data` each body against its checksum, which is noted where none is known yet. With
/// `repair` what can be mended is, and all is looked at again: `repaired` counts what is not found
/// a second time. Bodies that nothing names are notes, for every crash may leave some.
///
/// The table must not be mounted; its lock is held throughout. Without `repair` and `data` nothing
/// is changed. Memory: one shard directory and SQLite's caches. Errors: EBUSY (mounted), ENOENT (no
/// table), EPROTO (not ours, or newer), ENOSPC; damage is no error, and what cannot be read is
/// damage.
Result<CheckSummary> check_table(const std::filesystem::path& directory,
                                 const CheckOptions& options, const CheckListener& listener);

}  // namespace commitfs
