#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace commitfs {

/// A process that keeps a mount busy, and by what: "has its working directory in sessions/nightly".
struct Holder {
  pid_t pid = 0;
  std::string command;
  std::string reason;  ///< the first one found

  /// "1234 (bash) has its working directory in sessions/nightly".
  std::string describe() const;
};

/// The processes that use files at or below `directory`, a mount point or a directory of ours, by
/// pid. Reads links and maps of /proc only, as text: a file system that hangs is never asked. Other
/// users' processes are seen by root alone; whoever sees the place under another name (a mount
/// namespace of its own) is not found. What is below `ignored`, a name in it, does not count.
/// `itself` is how a reason speaks of the directory. `proc` is replaceable by tests.
std::vector<Holder> find_holders(const std::filesystem::path& directory,
                                 const std::filesystem::path& proc = "/proc",
                                 const std::string& ignored = {},
                                 const std::string& itself = "the mount point");

/// Calls `visit(pid, its directory)` for each process.
void for_each_process(
    const std::filesystem::path& proc,
    const std::function<void(pid_t pid, const std::filesystem::path& process)>& visit);
/// The whole content of a file of /proc; empty when it cannot be read.
std::string read_proc_file(const std::filesystem::path& path);
/// The name of its program, as ps(1) shows it.
std::string command_of(const std::filesystem::path& process);

}  // namespace commitfs
