#include "tests/mounted/parity/observe.h"

#include <fcntl.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <vector>

#include "tests/mounted/parity/runner.h"
#include "tests/mounted/parity/script.h"

namespace commitfs::test::parity {
namespace {

namespace fs = std::filesystem;

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string content(std::istreambuf_iterator<char>(file), {});
  return readable(content);
}

std::string target_of(const std::string& path) {
  std::error_code error;
  const fs::path target = fs::read_symlink(path, error);
  return error ? error.message() : readable(target.native());
}

}  // namespace

std::string describe(const struct stat& status) {
  std::ostringstream text;
  text << std::oct << status.st_mode << std::dec << " links " << status.st_nlink << " owner "
       << status.st_uid << ":" << status.st_gid;
  if (!S_ISDIR(status.st_mode)) text << " size " << status.st_size;
  if (S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode))
    text << " device " << major(status.st_rdev) << ":" << minor(status.st_rdev);
  return text.str();
}

std::string describe_xattrs(const std::string& path) {
  std::vector<char> names(1 << 16);
  std::vector<char> value(1 << 16);
  const ssize_t size = ::llistxattr(path.c_str(), names.data(), names.size());
  if (size < 0) return " " + error_name();
  std::set<std::string> sorted;
  for (const char* name = names.data(); name < names.data() + size;
       name += std::string_view(name).size() + 1)
    sorted.insert(name);
  std::string text;
  for (const std::string& name : sorted) {
    const ssize_t got = ::lgetxattr(path.c_str(), name.c_str(), value.data(), value.size());
    text += " " + name + "=";
    text += got < 0 ? error_name() : readable({value.data(), static_cast<std::size_t>(got)});
  }
  return text;
}

std::string Runner::tree() const {
  if (::fchdir(top_) != 0) return error_name();
  std::set<std::string> paths{"."};
  std::error_code ignored;
  for (auto entry = fs::recursive_directory_iterator(".", ignored);
       entry != fs::recursive_directory_iterator(); entry.increment(ignored))
    paths.insert(entry->path().native());
  std::map<ino_t, std::string> first_names;
  std::string text;
  for (const std::string& path : paths) {
    struct stat status{};
    text += readable(path) + " ";
    if (::lstat(path.c_str(), &status) != 0) {
      text += error_name() + "\n";
      continue;
    }
    text += describe(status);
    const auto [first, fresh] = first_names.emplace(status.st_ino, path);
    if (!fresh) text += " is " + readable(first->second);
    if (S_ISREG(status.st_mode)) text += " " + content_of(path);
    if (S_ISLNK(status.st_mode)) text += " to " + target_of(path);
    text += describe_xattrs(path) + "\n";
  }
  return text;
}

}  // namespace commitfs::test::parity
