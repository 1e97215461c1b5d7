#include "tools/holders.h"

#include <algorithm>

#include "tools/mount_point.h"

namespace commitfs {

namespace filesystem = std::filesystem;

std::vector<Holder> find_other_namespaces(const MountEntry& mount, const filesystem::path& proc) {
  std::vector<Holder> holders;
  for_each_process(proc, [&](pid_t pid, const filesystem::path& process) {
    const std::vector<MountEntry> mounts = parse_mountinfo(read_proc_file(process / "mountinfo"));
    const auto same = std::ranges::find_if(mounts, [&](const MountEntry& other) {
      return other.device == mount.device && other.source == mount.source && other.is_ours();
    });
    if (same == mounts.end()) return;
    holders.push_back({.pid = pid,
                       .command = command_of(process),
                       .reason = "still sees it mounted at " + same->point.native()});
  });
  std::ranges::sort(holders, {}, &Holder::pid);
  return holders;
}

}  // namespace commitfs
