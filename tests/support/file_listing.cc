#include "tests/support/file_listing.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include <array>
#include <cstring>

#include "tests/support/result.h"
#include "txn/text.h"

namespace commitfs::test {
namespace {

namespace fs = std::filesystem;

TimeNs to_ns(const struct statx_timestamp& time) {
  return TimeNs{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

std::map<std::string, std::string> xattrs_of(const fs::path& path) {
  std::array<char, 65536> names{};
  std::array<char, 65536> value{};
  std::map<std::string, std::string> xattrs;
  const ssize_t size = ::llistxattr(path.c_str(), names.data(), names.size());
  for (const char* name = names.data(); name < names.data() + size; name += std::strlen(name) + 1) {
    const ssize_t bytes = ::lgetxattr(path.c_str(), name, value.data(), value.size());
    if (bytes >= 0) xattrs[name] = std::string(value.data(), static_cast<std::size_t>(bytes));
  }
  return xattrs;
}

ListedFile listed(const fs::path& path, const std::string& name,
                  std::map<ino_t, std::string>& first_names) {
  ListedFile file;
  // First, because it may be what updates the link's access time.
  if (fs::is_symlink(path)) file.symlink_target = fs::read_symlink(path).string();
  struct statx status{};
  if (::statx(AT_FDCWD, path.c_str(), AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS | STATX_BTIME,
              &status) != 0) {
    throw std::runtime_error("statx " + path.string());
  }
  file.mode = status.stx_mode;
  file.uid = status.stx_uid;
  file.gid = status.stx_gid;
  file.rdev = S_ISCHR(file.mode) || S_ISBLK(file.mode)
                  ? makedev(status.stx_rdev_major, status.stx_rdev_minor)
                  : 0;
  file.size_bytes = S_ISDIR(file.mode) ? 0 : status.stx_size;
  file.atime_ns = to_ns(status.stx_atime);
  file.mtime_ns = to_ns(status.stx_mtime);
  file.ctime_ns = to_ns(status.stx_ctime);
  file.btime_ns = (status.stx_mask & STATX_BTIME) != 0 ? to_ns(status.stx_btime) : 0;
  file.nlink = status.stx_nlink;
  file.xattrs = xattrs_of(path);
  file.first_name = first_names.try_emplace(status.stx_ino, name).first->second;
  return file;
}

void list_below(CatalogReader& catalog, SeqNo at, const InodeRecord& inode, const std::string& path,
                std::map<std::string, InodeId>& ids, FileListing& listing) {
  ListedFile file;
  file.mode = inode.mode;
  file.uid = inode.uid;
  file.gid = inode.gid;
  file.rdev = inode.rdev;
  file.size_bytes = inode.size_bytes;
  file.atime_ns = inode.atime_ns;
  file.mtime_ns = inode.mtime_ns;
  file.ctime_ns = inode.ctime_ns;
  file.btime_ns = inode.btime_ns;
  file.symlink_target = inode.symlink_target;
  file.nlink = inode.nlink;
  for (auto& [name, value] : must(catalog.list_xattrs(at, inode.id)))
    file.xattrs[name] = value;
  ids[path] = inode.id;
  listing[path] = file;
  if (!inode.is_directory()) return;
  for (const ListedDirent& entry : must(catalog.list(at, inode.id, "", SIZE_MAX >> 1))) {
    list_below(catalog, at, entry.inode, path.empty() ? entry.name : path + '/' + entry.name, ids,
               listing);
  }
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const ListedFile& file) {
  out << std::oct << file.mode << std::dec << " uid " << file.uid << " gid " << file.gid << " rdev "
      << file.rdev << " size " << file.size_bytes << " times " << file.atime_ns << ' '
      << file.mtime_ns << ' ' << file.ctime_ns << ' ' << file.btime_ns << " links " << file.nlink
      << " first " << quote_name(file.first_name);
  if (!file.symlink_target.empty()) out << " -> " << quote_name(file.symlink_target);
  for (const auto& [name, value] : file.xattrs)
    out << ' ' << name << '=' << quote_name(value);
  return out;
}

FileListing list_directory(const fs::path& directory) {
  FileListing listing;
  std::map<std::string, fs::path> paths{{"", directory}};
  for (auto at = fs::recursive_directory_iterator(directory);
       at != fs::recursive_directory_iterator(); ++at) {
    if (at.depth() == 0 && at->path().filename() == ".commitfs") {
      at.disable_recursion_pending();
      continue;
    }
    paths[at->path().lexically_relative(directory).string()] = at->path();
  }
  std::map<ino_t, std::string> first_names;
  for (const auto& [name, path] : paths)
    listing[name] = listed(path, name, first_names);
  return listing;
}

FileListing list_version(CatalogReader& catalog, SeqNo at) {
  FileListing listing;
  std::map<std::string, InodeId> ids;
  const auto root = must(catalog.find_inode(at, InodeId::root));
  if (!root) return listing;
  list_below(catalog, at, *root, "", ids, listing);
  std::map<InodeId, std::string> first_names;
  for (auto& [path, file] : listing)
    file.first_name = first_names.try_emplace(ids.at(path), path).first->second;
  return listing;
}

}  // namespace commitfs::test
