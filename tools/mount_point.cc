#include "tools/mount_point.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <ranges>
#include <sstream>
#include <system_error>

#include "tools/text.h"

namespace commitfs {
namespace {

namespace filesystem = std::filesystem;

bool is_octal(char digit) {
  return digit >= '0' && digit <= '7';
}

/// The kernel writes space, tab, newline, backslash and '#' as \ooo.
std::string unescape(std::string_view field) {
  std::string text;
  text.reserve(field.size());
  for (std::size_t i = 0; i < field.size(); ++i) {
    if (field[i] == '\\' && i + 3 < field.size() && is_octal(field[i + 1]) &&
        is_octal(field[i + 2]) && is_octal(field[i + 3])) {
      const int byte = (field[i + 1] - '0') * 64 + (field[i + 2] - '0') * 8 + (field[i + 3] - '0');
      text.push_back(static_cast<char>(byte));
      i += 3;
    } else {
      text.push_back(field[i]);
    }
  }
  return text;
}

std::optional<MountEntry> parse_line(std::string_view line) {
  std::vector<std::string_view> fields;
  for (const auto part : std::views::split(line, ' ')) {
    fields.emplace_back(part.begin(), part.end());
  }
  // 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
  constexpr std::size_t kFirstOptional = 6;
  if (fields.size() < kFirstOptional) return std::nullopt;
  const auto dash = std::find(fields.begin() + kFirstOptional, fields.end(), "-");
  if (std::distance(dash, fields.end()) < 3) return std::nullopt;

  MountEntry entry;
  const auto id = std::from_chars(fields[0].data(), fields[0].data() + fields[0].size(), entry.id);
  if (id.ec != std::errc{}) return std::nullopt;
  entry.device = fields[2];
  entry.root = unescape(fields[3]);
  entry.point = unescape(fields[4]);
  entry.type = unescape(dash[1]);
  entry.source = unescape(dash[2]);
  return entry;
}

/// Absolute, without "." and "..", without a slash at the end; by the text alone.
Result<filesystem::path> normalize(const filesystem::path& path) {
  std::error_code error;
  filesystem::path absolute = filesystem::absolute(path, error).lexically_normal();
  if (error) return fail_on(path, error.value());
  if (!absolute.has_filename() && absolute.has_relative_path()) absolute = absolute.parent_path();
  return absolute;
}

}  // namespace

std::vector<MountEntry> parse_mountinfo(std::string_view text) {
  std::vector<MountEntry> entries;
  for (const auto part : std::views::split(text, '\n')) {
    if (auto entry = parse_line({part.begin(), part.end()})) entries.push_back(*std::move(entry));
  }
  return entries;
}

Result<std::vector<MountEntry>> read_mounts() {
  std::ifstream file("/proc/self/mountinfo", std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file || !text) return fail(EIO, "cannot read /proc/self/mountinfo");
  return parse_mountinfo(text.view());
}

bool is_within(const filesystem::path& path, const filesystem::path& directory) {
  const std::string_view below = path.native(), above = directory.native();
  if (!below.starts_with(above)) return false;
  return below.size() == above.size() || above.ends_with('/') || below[above.size()] == '/';
}

const MountEntry* find_mount_at(const std::vector<MountEntry>& mounts,
                                const filesystem::path& path) {
  for (const MountEntry& mount : std::views::reverse(mounts)) {
    if (mount.point == path) return &mount;
  }
  return nullptr;
}

const MountEntry* find_mount_of(const std::vector<MountEntry>& mounts,
                                const filesystem::path& path) {
  const MountEntry* longest = nullptr;
  for (const MountEntry& mount : mounts) {
    if (!is_within(path, mount.point)) continue;
    if (longest == nullptr || mount.point.native().size() >= longest->point.native().size()) {
      longest = &mount;
    }
  }
  return longest;
}

Result<filesystem::path> resolve_mount_point(const std::vector<MountEntry>& mounts,
                                             const filesystem::path& path) {
  const filesystem::path normal = TRY(normalize(path));
  if (find_mount_at(mounts, normal) != nullptr) return normal;
  std::error_code error;
  const filesystem::path parent = filesystem::canonical(normal.parent_path(), error);
  if (error) return fail_on(path, error.value());
  const filesystem::path named = parent / normal.filename();
  if (find_mount_at(mounts, named) != nullptr) return named;
  const filesystem::path real = filesystem::canonical(named, error);
  if (error) return fail_on(path, error.value());
  return real;
}

Result<MountEntry> find_our_mount(const filesystem::path& path) {
  const std::vector<MountEntry> mounts = TRY(read_mounts());
  const filesystem::path real = TRY(resolve_mount_point(mounts, path));
  const MountEntry* mount = find_mount_of(mounts, real);
  if (mount == nullptr || !mount->is_ours()) {
    return fail(ENOENT, fmt::format("{} is not a commitfs mount point", real.native()));
  }
  return *mount;
}

const MountEntry* find_whole_mount(const std::vector<MountEntry>& mounts,
                                   const filesystem::path& path) {
  const MountEntry* around = find_mount_of(mounts, path);
  const bool is_inside = around != nullptr && around->is_ours();
  for (const MountEntry& mount : std::views::reverse(mounts)) {
    if (!mount.is_ours() || mount.root != "/") continue;
    if (is_inside ? mount.device == around->device : path == mount.source) return &mount;
  }
  return nullptr;
}

Result<filesystem::path> find_mount_root(const filesystem::path& path) {
  const std::vector<MountEntry> mounts = TRY(read_mounts());
  const filesystem::path real = TRY(resolve_mount_point(mounts, path));
  const MountEntry* mount = find_whole_mount(mounts, real);
  if (mount != nullptr) return mount->point;
  return fail(ENOENT, fmt::format("{} is neither in a commitfs mount nor a table that is mounted",
                                  real.native()));
}

}  // namespace commitfs
