#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "fs/commit_ioctl.h"
#include "tests/bench/bench.h"
#include "tests/bench/measure.h"

namespace commitfs::bench {

Mount::Mount(const Options& options, const std::string& name, bool passthrough,
             const std::function<void(const std::filesystem::path&)>& fill)
    : directory_(options.directory / name), daemon_(directory_) {
  if (fill) fill(daemon_.table());
  const bool mounted = daemon_.mount({.passthrough = passthrough});
  require(mounted, daemon_.take_problems());
}

Mount::~Mount() {
  daemon_.unmount();
  const std::string problems = daemon_.take_problems();
  if (!problems.empty()) std::fprintf(stderr, "%s", problems.c_str());
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

void Mount::begin(const std::string& name) const {
  require(::mkdir(session(name).c_str(), 0755) == 0, "mkdir " + session(name).native());
}

int Mount::try_commit(const std::string& name) const {
  const auto to = path() / "commit" / name;
  const int status =
      ::renameat2(AT_FDCWD, session(name).c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE);
  return status == 0 ? 0 : errno;
}

int Mount::try_commit_by_ioctl(const std::string& name) const {
  const int fd = ::open(session(name).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  require(fd >= 0, "open " + session(name).native());
  CommitIoctl argument;
  const int error = ::ioctl(fd, kCommitIoctl, &argument) == 0 ? 0 : errno;
  require(::close(fd) == 0, "close " + name);
  return error;
}

void Mount::commit(const std::string& name) const {
  errno = try_commit(name);
  require(errno == 0, "commit " + name);
}

void Mount::discard(const std::string& name) const {
  const auto to = path() / "discard" / name;
  require(::rename(session(name).c_str(), to.c_str()) == 0, "discard " + name);
}

void write_file(const std::filesystem::path& path, std::size_t bytes, std::string_view text) {
  const int fd = ::open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);
  require(fd >= 0, "open " + path.native());
  std::string content(text.substr(0, bytes));
  content.resize(bytes, 'x');
  require(::write(fd, content.data(), bytes) == static_cast<ssize_t>(bytes),
          "write " + path.native());
  require(::close(fd) == 0, "close " + path.native());
}

}  // namespace commitfs::bench
