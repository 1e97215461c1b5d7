#include "tools/holders.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>
#include <system_error>

#include "tools/mount_point.h"

namespace commitfs {
namespace {

namespace filesystem = std::filesystem;

std::string read_all(const filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The path of `target` below the mount, "the mount point" for that itself; none when it lies
/// elsewhere.
std::optional<std::string> below(const filesystem::path& mount_point,
                                 const filesystem::path& target) {
  if (!is_within(target, mount_point)) return std::nullopt;
  const std::string relative = target.lexically_relative(mount_point).native();
  return relative == "." ? "the mount point" : relative;
}

std::optional<std::string> below_by_link(const filesystem::path& mount_point,
                                         const filesystem::path& link) {
  std::error_code error;
  const filesystem::path target = filesystem::read_symlink(link, error);
  if (error) return std::nullopt;
  return below(mount_point, target);
}

std::optional<std::string> open_file(const filesystem::path& mount_point,
                                     const filesystem::path& process) {
  std::error_code error;
  // Errors end the loop: the process is gone, or is not ours to look at.
  for (filesystem::directory_iterator entry(process / "fd", error), end; !error && entry != end;
       entry.increment(error)) {
    if (auto found = below_by_link(mount_point, entry->path())) return found;
  }
  return std::nullopt;
}

std::optional<std::string> mapped_file(const filesystem::path& mount_point,
                                       const filesystem::path& process) {
  std::ifstream maps(process / "maps");
  for (std::string line; std::getline(maps, line);) {
    // 7f3c-7f3d r--p 00000000 00:34 12      /mnt/t/sessions/a/part.csv
    const std::size_t path = line.find('/');
    if (path == std::string::npos) continue;
    if (auto found = below(mount_point, line.substr(path))) return found;
  }
  return std::nullopt;
}

std::optional<std::string> reason_of(const filesystem::path& mount_point,
                                     const filesystem::path& process) {
  if (auto found = below_by_link(mount_point, process / "cwd")) {
    return "has its working directory in " + *found;
  }
  if (auto found = below_by_link(mount_point, process / "root")) {
    return "has its root directory in " + *found;
  }
  if (auto found = below_by_link(mount_point, process / "exe")) return "runs " + *found;
  if (auto found = open_file(mount_point, process)) return "has " + *found + " open";
  if (auto found = mapped_file(mount_point, process)) return "has " + *found + " mapped";
  return std::nullopt;
}

std::string command_of(const filesystem::path& process) {
  std::string command = read_all(process / "comm");
  if (command.ends_with('\n')) command.pop_back();
  return command;
}

/// Calls `visit(pid, directory)` for each process.
template <typename Visit>
void for_each_process(const filesystem::path& proc, Visit visit) {
  std::error_code error;
  for (filesystem::directory_iterator entry(proc, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().native();
    pid_t pid = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (parsed.ec != std::errc{} || parsed.ptr != name.data() + name.size()) continue;
    visit(pid, entry->path());
  }
}

}  // namespace

std::string Holder::describe() const {
  return fmt::format("{} ({}) {}", pid, command, reason);
}

std::vector<Holder> find_holders(const filesystem::path& mount_point,
                                 const filesystem::path& proc) {
  std::vector<Holder> holders;
  for_each_process(proc, [&](pid_t pid, const filesystem::path& process) {
    if (auto reason = reason_of(mount_point, process)) {
      holders.push_back({.pid = pid, .command = command_of(process), .reason = *std::move(reason)});
    }
  });
  std::ranges::sort(holders, {}, &Holder::pid);
  return holders;
}

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
