// What single file system calls cost in a directory. Measures one place; tests/bench/run measures
// several side by side. Prints one line an operation: its name, a tab, nanoseconds.
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/measure.h"

namespace commitfs::bench {
namespace {

using Names = std::vector<std::string>;

Names numbered(const std::string& prefix, int count) {
  Names names;
  for (int i = 0; i < count; ++i)
    names.push_back(prefix + std::to_string(i));
  return names;
}

void report(const char* operation, std::size_t count, const std::function<void()>& work) {
  fmt::print("{}\t{:.0f}\n", operation, 1e9 * seconds_of(work) / static_cast<double>(count));
}

/// Does `call` with each name; what it answers must be 0.
void report_each(const char* operation, const Names& names,
                 const std::function<int(const char*)>& call) {
  report(operation, names.size(), [&] {
    for (const std::string& name : names)
      require(call(name.c_str()) == 0, operation + (' ' + name));
  });
}

/// Drops names and attributes that the kernel remembers, not the pages of the disk. False without
/// the privilege.
bool forget_names() {
  std::ofstream control("/proc/sys/vm/drop_caches");
  control << "2" << std::flush;
  return control.good();
}

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

/// Looks at everything below, as `find -newer` or `ls -lR` does; adds to `files` each file's path.
std::size_t scan(const std::string& path, Names* files = nullptr) {
  const std::unique_ptr<DIR, CloseDirectory> directory(::opendir(path.c_str()));
  require(directory != nullptr, "opendir " + path);
  std::size_t seen = 0;
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    struct stat found{};
    require(::fstatat(::dirfd(directory.get()), name.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0,
            "stat " + name);
    ++seen;
    if (S_ISDIR(found.st_mode)) seen += scan(path + '/' + name, files);
    if (S_ISREG(found.st_mode) && files != nullptr) files->push_back(path + '/' + name);
  }
  return seen;
}

int stat_one(const char* path) {
  struct stat found{};
  return ::stat(path, &found);
}

int read_one(const char* path) {
  char bytes[4096];
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || ::read(fd, bytes, sizeof bytes) < 0) return -1;
  return ::close(fd);
}

int create_one(const char* path) {
  static const std::string bytes(4096, 'x');
  const int fd = ::open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644);
  if (fd < 0) return -1;
  if (::write(fd, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) return -1;
  return ::close(fd);
}

/// Looking at a tree that is there already.
void look(const std::string& tree) {
  Names files;
  const std::size_t count = scan(tree, &files);
  if (forget_names()) {
    report("scan cold", count, [&] { scan(tree); });
    forget_names();
    report_each("stat cold", files, stat_one);
  }
  scan(tree);
  report("scan warm", count, [&] { scan(tree); });
  report_each("stat warm", files, stat_one);
  report_each("open-read-close", files, read_one);
}

/// Making, moving and removing names in an empty directory.
void change(const std::string& directory, int count) {
  const Names files = numbered(directory + "/file-", count);
  const Names directories = numbered(directory + "/directory-", count);
  report_each("create", files, create_one);
  report_each("stat own", files, stat_one);
  report_each("rename", files, [](const char* path) {
    return ::rename(path, (std::string(path) + ".renamed").c_str());
  });
  report_each("unlink", files,
              [](const char* path) { return ::unlink((std::string(path) + ".renamed").c_str()); });
  report_each("mkdir", directories, [](const char* path) { return ::mkdir(path, 0755); });
  report_each("rmdir", directories, ::rmdir);
}

}  // namespace
}  // namespace commitfs::bench

int main(int argc, char** argv) {
  const std::string what = argc > 2 ? argv[1] : "";
  if (what == "look") {
    commitfs::bench::look(argv[2]);
  } else if (what == "change" && argc > 3) {
    commitfs::bench::change(argv[2], std::atoi(argv[3]));
  } else {
    fmt::print(stderr, "usage: {0} look TREE | {0} change EMPTY-DIRECTORY COUNT\n", argv[0]);
    return 2;
  }
}
