#include "tools/holders.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "tools/mount_point.h"

namespace commitfs {
namespace {

namespace filesystem = std::filesystem;

std::string read_all(const filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

std::vector<Holder> find_other_namespaces(const MountEntry& mount, const filesystem::path& proc) {
  std::vector<Holder> holders;
  for_each_process(proc, [&](pid_t pid, const filesystem::path& process) {
    const std::vector<MountEntry> mounts = parse_mountinfo(read_all(process / "mountinfo"));
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
