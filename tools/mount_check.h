#pragma once

#include <filesystem>
#include <vector>

#include "meta/base/error.h"
#include "tools/mount_point.h"

namespace commitfs {

/// A mount that may be tried: both paths absolute and real.
struct MountPlaces {
  std::filesystem::path table;
  std::filesystem::path mount_point;
};

/// Everything that can be said against a mount without changing anything: TABLE or MOUNTPOINT
/// missing or not a directory, one inside the other, a mount there already, TABLE mounted elsewhere
/// or itself in a mount of ours. The error is a sentence.
Result<MountPlaces> check_places(const std::vector<MountEntry>& mounts,
                                 const std::filesystem::path& table,
                                 const std::filesystem::path& mount_point);

/// Whether this process can mount with FUSE at all. The error is a sentence.
Result<void> check_fuse();

}  // namespace commitfs
