#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "meta/catalog.h"
#include "meta/object_store.h"

namespace commitfs::past {

struct ExportSummary {
  std::uint64_t files = 0;
  std::uint64_t directories = 0;
  std::uint64_t bytes = 0;
  /// Owners and attributes that the target, or the caller's rights, did not take.
  std::uint64_t left_out = 0;
};

enum class ExportBodies {
  copied,  ///< by reflink where the file system can, else by copy that keeps holes
  linked,  ///< hard links to the table's own bodies: writing to one changes the table
};

/// Writes a version as a plain tree at `directory`, which is made, or is there and empty. Names,
/// bytes, modes, owners, times, extended attributes, hard links, symbolic links and special files
/// are as in the version. Needs no mount. Durable when it returns. After an error what was written
/// stays. Errors: ENOTEMPTY, EEXIST (no directory), ENOENT (no such version), EXDEV (links to
/// another file system), EACCES, ENOSPC, EDQUOT, EIO. `progress` hears of each file.
Result<ExportSummary> export_version(CatalogReader& catalog, const ObjectStore& store,
                                     SeqNo version, const std::filesystem::path& directory,
                                     ExportBodies bodies,
                                     const std::function<void(const ExportSummary&)>& progress);

}  // namespace commitfs::past
