#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "meta/catalog.h"
#include "tools/mount_point.h"

namespace commitfs {

/// A table that is only read, beside whatever mount there is.
struct TableReader {
  std::filesystem::path table;
  std::optional<MountEntry> mount;  ///< where `place` said that it is mounted
  std::shared_ptr<Catalog> catalog;

  /// ENOENT with a sentence when `text` names no version (see txn/version_name.h).
  Result<SeqNo> version(std::string_view text) const;
};

/// The table that `place` is, or that is mounted there. Errors: a sentence.
Result<std::filesystem::path> find_table(const std::filesystem::path& place);
/// The same, opened. Errors: a sentence; EACCES or EPERM for who may not read the table itself.
Result<TableReader> open_table_reader(const std::filesystem::path& place);

}  // namespace commitfs
