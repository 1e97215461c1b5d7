#include "tests/support/native_tree.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace commitfs::test {
namespace {

int error_of(int result) {
  return result < 0 ? errno : 0;
}

int write_through(const std::filesystem::path& path, int flags, mode_t mode,
                  const std::string& bytes) {
  const UniqueFd fd(::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!fd) return errno;
  return error_of(static_cast<int>(::write(fd.get(), bytes.data(), bytes.size())));
}

}  // namespace

int NativeTree::create(const std::string& path, const std::string& bytes, mode_t mode) const {
  return write_through(at(path), O_CREAT | O_EXCL | O_WRONLY, mode, bytes);
}

int NativeTree::write(const std::string& path, const std::string& bytes) const {
  return write_through(at(path), O_WRONLY | O_TRUNC, 0, bytes);
}

int NativeTree::append(const std::string& path, const std::string& bytes) const {
  return write_through(at(path), O_WRONLY | O_APPEND, 0, bytes);
}

int NativeTree::truncate(const std::string& path, off_t size_bytes) const {
  return error_of(::truncate(at(path).c_str(), size_bytes));
}

int NativeTree::mkdir(const std::string& path, mode_t mode) const {
  return error_of(::mkdir(at(path).c_str(), mode));
}

int NativeTree::mkfifo(const std::string& path, mode_t mode) const {
  return error_of(::mkfifo(at(path).c_str(), mode));
}

int NativeTree::symlink(const std::string& target, const std::string& path) const {
  return error_of(::symlink(target.c_str(), at(path).c_str()));
}

int NativeTree::link(const std::string& existing, const std::string& path) const {
  return error_of(::linkat(AT_FDCWD, at(existing).c_str(), AT_FDCWD, at(path).c_str(), 0));
}

int NativeTree::unlink(const std::string& path) const {
  return error_of(::unlink(at(path).c_str()));
}

int NativeTree::rmdir(const std::string& path) const {
  return error_of(::rmdir(at(path).c_str()));
}

int NativeTree::rename(const std::string& from, const std::string& to, unsigned flags) const {
  return error_of(::renameat2(AT_FDCWD, at(from).c_str(), AT_FDCWD, at(to).c_str(), flags));
}

int NativeTree::chmod(const std::string& path, mode_t mode) const {
  return error_of(::chmod(at(path).c_str(), mode));
}

UniqueFd NativeTree::open(const std::string& path) const {
  return UniqueFd(::open(at(path).c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
}

mode_t NativeTree::mode_of(const std::string& path) const {
  struct stat status{};
  return ::lstat(at(path).c_str(), &status) == 0 ? status.st_mode : 0;
}

}  // namespace commitfs::test
