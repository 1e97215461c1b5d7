#pragma once

#include <cstdint>
#include <string>

#include "meta/catalog.h"
#include "txn/file_attributes.h"

namespace commitfs::past {

/// Makes files of a plain directory say of themselves what a version says. Not thread-safe.
class PlainAttributes {
 public:
  explicit PlainAttributes(CatalogReader& catalog) : catalog_(catalog) {}

  /// Gives `name`, which is there and of the right type, the owner, extended attributes, mode and
  /// times that `inode` has at `version`; what it has already is not touched. What the file
  /// system, or the rights of the caller, do not take is left out and counted. Never follows a
  /// symbolic link. Errors: ENOENT, ENOSPC, EDQUOT, EROFS, EIO; those of the catalog.
  Result<void> set(SeqNo version, const InodeRecord& inode, int parent, const std::string& name);

  std::uint64_t left_out() const { return left_out_; }
  void leave_out() { ++left_out_; }

 private:
  Result<void> set_xattrs(SeqNo version, InodeId inode, const std::string& path,
                          const XattrReader::Xattrs& now);
  template <typename Call>
  Result<void> attempt(const char* what, Call call);

  CatalogReader& catalog_;
  XattrReader reader_;
  std::uint64_t left_out_ = 0;
};

/// Makes a symbolic link, FIFO, socket or device. False where a device may not be made (EPERM).
/// Errors: EEXIST, ENOENT, EACCES, ENOSPC, EDQUOT, EIO.
Result<bool> make_special_file(const InodeRecord& inode, int parent, const std::string& name);

/// By which a file of an open descriptor can be named, whatever its path.
std::string descriptor_path(int fd);

}  // namespace commitfs::past
