#pragma once

#include <sys/types.h>

#include <filesystem>
#include <vector>

#include "meta/base/error.h"

namespace commitfs::hooks {

/// The hooks in a directory, by name: executable regular files, as run-parts(8) names them
/// (letters, digits, `_`, `-`, and also `.` not at the start or end), so that an editor's backup is
/// none. None where the directory is not there. Who may say what runs with the daemon's rights is
/// the table's owner and root: EPERM, with the path, when a hook or its directory belongs to
/// another, or others may write to it. Thread-safe.
Result<std::vector<std::filesystem::path>> list_hooks(const std::filesystem::path& directory,
                                                      uid_t owner);

}  // namespace commitfs::hooks
