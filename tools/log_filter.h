#pragma once

#include <optional>
#include <string>

#include "meta/catalog.h"

namespace commitfs {

/// Which versions `commitfs log` shows. Empty strings ask for nothing.
struct LogFilter {
  std::string since;  ///< a time, or what names a version: only what came after
  std::string path;   ///< that changed it, or something below
  std::string group;  ///< that changed the file group, as user.commitfs.group tells it

  // Of `since`, resolved.
  std::optional<TimeNs> after_time;
  SeqNo after_version = SeqNo::none;

  /// EINVAL with a sentence when `since` is neither.
  Result<void> resolve(CatalogReader& catalog);
  /// False for a version that is too old, and so are all before it.
  bool is_recent(const VersionRecord& version) const;
  /// Reads what the version did where path or group ask for it.
  Result<bool> matches(CatalogReader& catalog, const VersionRecord& version) const;
};

}  // namespace commitfs
