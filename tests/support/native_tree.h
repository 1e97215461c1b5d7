#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

#include "meta/base/unique_fd.h"

namespace commitfs::test {

/// A directory of the machine's own file system, as the model for a session: the same calls, by
/// path, each answering its errno or 0. Symbolic links at the end of a path are not followed.
class NativeTree {
 public:
  explicit NativeTree(std::filesystem::path root) : root_(std::move(root)) {}

  int create(const std::string& path, const std::string& bytes, mode_t mode) const;
  int write(const std::string& path, const std::string& bytes) const;  ///< truncates first
  int append(const std::string& path, const std::string& bytes) const;
  int truncate(const std::string& path, off_t size_bytes) const;
  int mkdir(const std::string& path, mode_t mode) const;
  int mkfifo(const std::string& path, mode_t mode) const;
  int symlink(const std::string& target, const std::string& path) const;
  int link(const std::string& existing, const std::string& path) const;
  int unlink(const std::string& path) const;
  int rmdir(const std::string& path) const;
  int rename(const std::string& from, const std::string& to, unsigned flags) const;
  int chmod(const std::string& path, mode_t mode) const;

  UniqueFd open(const std::string& path) const;
  /// st_mode; 0 when there is nothing.
  mode_t mode_of(const std::string& path) const;
  std::filesystem::path at(const std::string& path) const {
    return path.empty() ? root_ : root_ / path;
  }

 private:
  const std::filesystem::path root_;
};

}  // namespace commitfs::test
