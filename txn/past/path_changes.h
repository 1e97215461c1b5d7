#pragma once

#include <optional>
#include <string>
#include <vector>

#include "txn/past/difference.h"

namespace commitfs::past {

/// One path that differs between two versions, as a user sees it: by path, whatever inodes are
/// behind (a file that was deleted and came back as it was is no difference).
struct PathChange {
  ChangeKind kind = ChangeKind::added;
  std::string path;
  std::string old_path;               ///< of a rename
  std::optional<InodeRecord> before;  ///< what had the path, or the old one
  std::optional<InodeRecord> after;
  bool content = false;     ///< of one that is in both: its bytes, type or target
  bool attributes = false;  ///< mode, owner or extended attributes

  bool is_directory() const { return after ? after->is_directory() : before->is_directory(); }
};

/// By path. Times alone are no change; what is in a directory that was renamed has no line of its
/// own. `.` is the root. Errors: those of the catalog. Thread-safe.
Result<std::vector<PathChange>> list_path_changes(CatalogReader& catalog,
                                                  const Difference& difference);

/// `A`, `M`, `D` or `R`, a tab and the path, as a session's `diff`; with a newline.
std::string format_path_change(const PathChange& change);
/// The same as one JSON object: change, path, old_path, type, and of both sides size, mode, uid,
/// gid, mtime, version (that last changed the file). Without a newline.
std::string path_change_json(const PathChange& change);

/// What changes come to.
struct ChangeTotals {
  std::uint64_t added = 0, modified = 0, deleted = 0, renamed = 0;
  std::uint64_t bytes_before = 0;  ///< of the files that were deleted, changed or renamed
  std::uint64_t bytes_after = 0;
};
ChangeTotals total_of(const std::vector<PathChange>& changes);

}  // namespace commitfs::past
