#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "fs/holders.h"
#include "tools/mount_point.h"

namespace commitfs {

/// The processes in whose mount namespace the file system of `mount` is mounted still, by pid. Its
/// device's number may be another file system's by now, so the table counts too.
std::vector<Holder> find_other_namespaces(const MountEntry& mount,
                                          const std::filesystem::path& proc = "/proc");

}  // namespace commitfs
