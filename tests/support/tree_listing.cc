#include "tests/support/tree_listing.h"

#include <sys/stat.h>
#include <sys/xattr.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>
#include <vector>

namespace commitfs::test {
namespace {

namespace fs = std::filesystem;

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::string("(errno: ") + std::strerror(errno) + ")";
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// FNV-1a, by blocks: large files are compared too.
std::uint64_t content_hash(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::uint64_t hash = 0xcbf29ce484222325U;
  std::array<char, 65536> block;
  while (file.read(block.data(), block.size()), file.gcount() > 0) {
    for (std::streamsize i = 0; i < file.gcount(); ++i) {
      hash =
          (hash ^ static_cast<unsigned char>(block[static_cast<std::size_t>(i)])) * 0x100000001b3U;
    }
  }
  return hash;
}

std::vector<fs::path> all_paths(const fs::path& directory) {
  std::vector<fs::path> paths;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    paths.push_back(entry.path().lexically_relative(directory));
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::string user_xattrs(const fs::path& path) {
  std::array<char, 4096> names;
  const ssize_t length = ::llistxattr(path.c_str(), names.data(), names.size());
  std::set<std::string> lines;
  for (ssize_t i = 0; i < length;) {
    const std::string name = names.data() + i;
    i += static_cast<ssize_t>(name.size()) + 1;
    if (!name.starts_with("user.")) continue;
    std::array<char, 4096> value;
    const ssize_t size = ::lgetxattr(path.c_str(), name.c_str(), value.data(), value.size());
    lines.insert(" " + name + "=" +
                 std::string(value.data(), size < 0 ? 0 : static_cast<std::size_t>(size)));
  }
  std::string text;
  for (const auto& line : lines)
    text += line;
  return text;
}

std::string describe(const fs::path& path, const struct stat& status,
                     const DetailOptions& options) {
  std::ostringstream text;
  text << std::oct << status.st_mode << std::dec;
  if (options.owners) text << " " << status.st_uid << ":" << status.st_gid;
  if (options.times && !S_ISDIR(status.st_mode)) {
    text << " mtime " << status.st_mtim.tv_sec << "." << status.st_mtim.tv_nsec;
  }
  if (S_ISREG(status.st_mode)) {
    text << " size " << status.st_size << " hash " << std::hex << content_hash(path) << std::dec;
  }
  if (S_ISLNK(status.st_mode)) text << " -> " << fs::read_symlink(path).native();
  if (options.xattrs && !S_ISLNK(status.st_mode)) text << user_xattrs(path);
  return text.str();
}

}  // namespace

std::string brief_tree(const fs::path& directory) {
  std::string text;
  for (const auto& path : all_paths(directory)) {
    const fs::path full = directory / path;
    std::string line = path.native();
    if (fs::is_symlink(full)) {
      line += "->" + fs::read_symlink(full).native();
    } else if (fs::is_directory(full)) {
      line += "/";
    } else {
      line += "=" + content(full);
      if (line.ends_with('\n')) line.pop_back();
    }
    text += (text.empty() ? "" : " ") + line;
  }
  return text;
}

std::map<std::string, std::string> detailed_tree(const fs::path& directory,
                                                 const DetailOptions& options) {
  std::map<std::string, std::string> tree;
  std::map<ino_t, std::string> first_names;
  for (const auto& path : all_paths(directory)) {
    struct stat status{};
    if (::lstat((directory / path).c_str(), &status) != 0) {
      tree[path] = std::string("lstat: ") + std::strerror(errno);
      continue;
    }
    tree[path] = describe(directory / path, status, options);
    if (S_ISDIR(status.st_mode) || status.st_nlink == 1) continue;
    const auto& first = first_names.try_emplace(status.st_ino, path.native()).first->second;
    tree[path] += " links " + std::to_string(status.st_nlink) + " same as " + first;
  }
  return tree;
}

}  // namespace commitfs::test
