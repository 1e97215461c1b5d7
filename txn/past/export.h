#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "meta/catalog.h"
#include "meta/object_store.h"
#include "txn/past/export_state.h"

namespace commitfs::past {

struct ExportSummary {
  std::uint64_t files = 0;
  std::uint64_t directories = 0;
  std::uint64_t bytes = 0;
  std::uint64_t kept = 0;  ///< of the files: those that an interrupted export had written already
  /// Owners and attributes that the target, or the caller's rights, did not take.
  std::uint64_t left_out = 0;
};

/// Writes a version as a plain tree at `directory`, which is made, or is there and empty. Names,
/// bytes, modes, owners, times, extended attributes, hard links, symbolic links and special files
/// are as in the version. Needs no mount; the caller keeps the version from expiring (VersionPin).
/// Durable when it returns.
///
/// A file gets its name when it is whole, with its attributes. After an error, or a kill, what was
/// written stays, and the same call goes on with it: see ExportState. What was copied before the
/// machine went down is copied again, for it may be torn. Errors: those of ExportState::open;
/// ENOENT (no such version), EXDEV (links to another file system), EACCES, ENOSPC, EDQUOT, EIO.
/// `progress` hears of each file. Fault points: export.copied, export.placed.
Result<ExportSummary> export_version(CatalogReader& catalog, const ObjectStore& store,
                                     SeqNo version, const std::filesystem::path& directory,
                                     ExportBodies bodies,
                                     const std::function<void(const ExportSummary&)>& progress);

}  // namespace commitfs::past
