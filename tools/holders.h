#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tools/mount_point.h"

namespace commitfs {

/// A process that keeps a mount busy, and by what: "has its working directory in sessions/nightly".
struct Holder {
  pid_t pid = 0;
  std::string command;
  std::string reason;  ///< the first one found

  /// "1234 (bash) has its working directory in sessions/nightly".
  std::string describe() const;
};

/// The processes that use files below `mount_point`, by pid. Reads links and maps of /proc only, as
/// text: a file system that hangs is never asked. Other users' processes are seen by root alone.
/// `proc` is replaceable by tests.
std::vector<Holder> find_holders(const std::filesystem::path& mount_point,
                                 const std::filesystem::path& proc = "/proc");

/// The processes in whose mount namespace the file system of `mount` is mounted still, by pid. Its
/// device's number may be another file system's by now, so the table counts too.
std::vector<Holder> find_other_namespaces(const MountEntry& mount,
                                          const std::filesystem::path& proc = "/proc");

}  // namespace commitfs
