#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "meta/base/error.h"

namespace commitfs {

/// The file system type under which the kernel lists our mounts.
inline constexpr std::string_view kFileSystemType = "fuse.commitfs";

/// One line of /proc/PID/mountinfo, escapes resolved. See proc_pid_mountinfo(5).
struct MountEntry {
  std::uint64_t id = 0;
  std::string device;  ///< "major:minor" of st_dev
  std::string root;    ///< what of the file system is mounted; "/" unless it is a bind mount
  std::filesystem::path point;
  std::string type;
  std::string source;  ///< of ours: the table's absolute path

  bool is_ours() const { return type == kFileSystemType; }
};

/// The text of a mountinfo file as entries in its order: of two at one point the later one covers
/// the earlier. Lines it cannot read are left out.
std::vector<MountEntry> parse_mountinfo(std::string_view text);
/// The mounts this process sees. Errors: those of reading /proc.
Result<std::vector<MountEntry>> read_mounts();

/// The mount exactly at `path`; null when there is none.
const MountEntry* find_mount_at(const std::vector<MountEntry>& mounts,
                                const std::filesystem::path& path);
/// The mount that `path` lies in; null only when `mounts` has no "/".
const MountEntry* find_mount_of(const std::vector<MountEntry>& mounts,
                                const std::filesystem::path& path);
/// True when `path` is `directory` or below it. Both absolute and normal; nothing is looked up.
bool is_within(const std::filesystem::path& path, const std::filesystem::path& directory);

/// The absolute name of a path that may be a mount point whose daemon hangs or is dead: the file
/// system below a mount point is not asked (unless only a symbolic link leads there). "." and ".."
/// are resolved. Errors: ENOENT, EACCES, ENOTDIR, ENOTCONN.
Result<std::filesystem::path> resolve_mount_point(const std::vector<MountEntry>& mounts,
                                                  const std::filesystem::path& path);
/// Our mount that `path` is the mount point of, or lies in. Errors: ENOENT with a sentence when
/// there is none.
Result<MountEntry> find_our_mount(const std::filesystem::path& path);

/// Where the whole of one of our file systems is to be seen: of the mount `path` lies in, which may
/// be a bind mount of a part of it, or of the table `path` is. Errors: ENOENT with a sentence when
/// there is none.
Result<std::filesystem::path> find_mount_root(const std::filesystem::path& path);
/// The same among `mounts`, for a path that is absolute and normal. Null when there is none.
const MountEntry* find_whole_mount(const std::vector<MountEntry>& mounts,
                                   const std::filesystem::path& path);

}  // namespace commitfs
