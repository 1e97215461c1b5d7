#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fs/mount.h"
#include "meta/base/error.h"
#include "txn/commit.h"

namespace commitfs {

/// What `-o` asks for.
struct MountSettings {
  MountOptions mount;
  CommitOptions commit;
};

/// Reads the values of all `-o`, each a comma-separated list as in mount(8); of two that contradict
/// the later one holds. Errors: EINVAL with a sentence that names the option and what would do.
Result<MountSettings> parse_mount_options(const std::vector<std::string>& lists,
                                          MountSettings defaults);

/// The options known, one a line with what they do, for --help.
std::string describe_mount_options();

}  // namespace commitfs
