#pragma once

#include <string>
#include <utility>
#include <vector>

#include "meta/base/error.h"
#include "meta/types.h"

namespace commitfs {

/// What an existing file of any type says of itself.
struct FileAttributes {
  InodeRecord inode;  ///< without id, object and since; symlink target filled in; btime 0 where it
                      ///< is not known
  dev_t device = 0;   ///< (device, number) is the file's identity
  std::uint64_t number = 0;
};

/// statx(2) and readlinkat(2) of `name` in a directory, never following a symbolic link. `name` may
/// be ".". Errors: ENOENT, EACCES, EIO. Thread-safe.
Result<FileAttributes> read_attributes(int directory_fd, const std::string& name);

/// Reads the extended attributes of files of any type, without opening them. Not thread-safe: holds
/// its buffers.
class XattrReader {
 public:
  using Xattrs = std::vector<std::pair<std::string, std::string>>;

  /// Names and values, of every namespace this process may read; empty where the file system has
  /// none. Errors: ENOENT, EIO.
  Result<Xattrs> read(int directory_fd, const std::string& name);

 private:
  std::vector<char> names_ = std::vector<char>(64 * 1024);  ///< XATTR_LIST_MAX
  std::vector<char> value_ = std::vector<char>(64 * 1024);  ///< XATTR_SIZE_MAX
};

}  // namespace commitfs
