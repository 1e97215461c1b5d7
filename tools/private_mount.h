#pragma once

#include <filesystem>

#include "meta/base/error.h"

namespace commitfs {

/// Gives this process, and those it starts, mounts of their own, in which `source` stands over
/// `target`. Without the right to do so it takes a user namespace as well, in which user and group
/// stay what they are. For a child between fork and exec: it has one thread and does not go back.
/// Errors: EPERM where the system lets ordinary users have no namespaces; ENOENT, ENOTDIR.
Result<void> mount_privately(const std::filesystem::path& source,
                             const std::filesystem::path& target);

}  // namespace commitfs
