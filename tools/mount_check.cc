#include "tools/mount_check.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <cstring>
#include <system_error>

#include "meta/base/posix.h"
#include "tools/text.h"

namespace commitfs {
namespace {

namespace filesystem = std::filesystem;

Result<filesystem::path> check_table(const std::vector<MountEntry>& mounts,
                                     const filesystem::path& path) {
  std::error_code error;
  const filesystem::path table = filesystem::canonical(path, error);
  if (error.value() == ENOENT) {
    return fail(ENOENT, fmt::format("the table {} does not exist; mkdir it first for an empty one",
                                    path.native()));
  }
  if (error) return fail_on(path, error.value());
  if (!filesystem::is_directory(table, error)) {
    return fail(ENOTDIR, fmt::format("the table {} is not a directory", path.native()));
  }
  const MountEntry* below = find_mount_of(mounts, table);
  if (below != nullptr && below->is_ours()) {
    return fail(EINVAL,
                fmt::format("the table {} lies in the commitfs mount at {}; name the directory "
                            "that is mounted there, {}, or another one",
                            table.native(), below->point.native(), below->source));
  }
  return table;
}

Result<filesystem::path> check_mount_point(const std::vector<MountEntry>& mounts,
                                           const filesystem::path& path) {
  auto resolved = resolve_mount_point(mounts, path);
  if (!resolved) {
    if (resolved.error().code != ENOENT) return std::unexpected(std::move(resolved).error());
    return fail(ENOENT,
                fmt::format("the mount point {} does not exist; mkdir it first", path.native()));
  }
  const filesystem::path mount_point = *std::move(resolved);
  if (const MountEntry* there = find_mount_at(mounts, mount_point)) {
    return fail(EBUSY, fmt::format("{} is a mount point already: {} ({}) is mounted there",
                                   mount_point.native(), there->source, there->type));
  }
  std::error_code error;
  if (!filesystem::is_directory(mount_point, error)) {
    return fail(ENOTDIR, fmt::format("the mount point {} is not a directory", path.native()));
  }
  return mount_point;
}

}  // namespace

Result<MountPlaces> check_places(const std::vector<MountEntry>& mounts,
                                 const filesystem::path& table,
                                 const filesystem::path& mount_point) {
  MountPlaces places{.table = TRY(check_table(mounts, table)),
                     .mount_point = TRY(check_mount_point(mounts, mount_point))};
  const std::string table_name = places.table.native(), mount_name = places.mount_point.native();
  if (table_name == mount_name) {
    return fail(EINVAL, fmt::format("{} cannot be both table and mount point", table_name));
  }
  if (is_within(places.mount_point, places.table)) {
    return fail(EINVAL,
                fmt::format("the mount point {} lies inside the table {}; choose one outside",
                            mount_name, table_name));
  }
  if (is_within(places.table, places.mount_point)) {
    return fail(EINVAL,
                fmt::format("the table {} lies inside the mount point {}, which would hide it",
                            table_name, mount_name));
  }
  for (const MountEntry& mount : mounts) {
    if (mount.is_ours() && mount.source == table_name && mount.root == "/") {
      return fail(EBUSY, fmt::format("the table {} is mounted already, at {}", table_name,
                                     mount.point.native()));
    }
  }
  return places;
}

Result<void> check_fuse() {
  const auto device = posix::open_at(AT_FDCWD, "/dev/fuse", O_RDWR);
  if (device) return {};
  const int code = device.error().code;
  if (code == ENOENT || code == ENODEV || code == ENXIO) {
    return fail(code,
                "there is no /dev/fuse: load the kernel's fuse module (modprobe fuse), or give "
                "the container that device");
  }
  return fail(code, fmt::format("/dev/fuse cannot be opened: {}", std::strerror(code)));
}

}  // namespace commitfs
