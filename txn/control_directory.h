#pragma once

#include <filesystem>
#include <string_view>

#include "meta/base/error.h"
#include "meta/base/unique_fd.h"
#include "txn/table_lock.h"

namespace commitfs {

constexpr std::string_view kControlName = ".commitfs";

/// The `.commitfs` of a table: what is in it, made and removed. Everything below it is 0700 or
/// 0600, the daemon's. An adoption leaves a mark while it lasts, so that an unfinished one can be
/// told from a table whose catalog was lost: only in the first is it safe to remove anything.
/// Thread-safe; those who make or remove hold the table's lock.
class ControlDirectory {
 public:
  /// Opens the control directory of `table`, making it (0700) if need be. ENOENT, ENOTDIR (of
  /// either), EACCES, EROFS.
  static Result<ControlDirectory> make(const std::filesystem::path& table);
  /// Opens it. ENOENT with a sentence when the directory is no table.
  static Result<ControlDirectory> open(const std::filesystem::path& table);

  int fd() const { return fd_.get(); }
  std::filesystem::path catalog() const { return path_ / "catalog.db"; }
  std::filesystem::path staging() const { return path_ / "staging.db"; }
  std::filesystem::path objects() const { return path_ / "objects"; }
  std::filesystem::path pre_commit_hooks() const { return path_ / "hooks" / "pre-commit.d"; }
  std::filesystem::path post_commit_hooks() const { return path_ / "hooks" / "post-commit.d"; }

  /// True when there is a catalog with a version in it. Writes nothing, so it needs no lock.
  /// Errors: those of opening it.
  Result<bool> has_version() const;

  /// Removes what an unfinished adoption left. Without the mark only if nothing is lost: EPROTO
  /// when there are bodies, EEXIST when there is a version, and the catalog's own error when it
  /// cannot be read; nothing was removed then.
  Result<void> clear_unfinished() const;
  /// Marks that an adoption began. Durable when it returns.
  Result<void> mark_unfinished() const;
  /// Takes the mark away. Durable when it returns: with the mark, a later adoption may remove every
  /// body.
  Result<void> unmark() const;
  /// Makes objects/ and hooks/. Databases make themselves.
  Result<void> make_layout() const;
  /// Removes all that the functions above made, the lock, and `.commitfs` itself if nothing else is
  /// in it. Best effort.
  void remove_all(TableLock lock) const;

 private:
  ControlDirectory(std::filesystem::path path, UniqueFd fd)
      : path_(std::move(path)), fd_(std::move(fd)) {}
  Result<bool> is_marked() const;
  Result<void> remove_stores() const;

  std::filesystem::path path_;
  UniqueFd fd_;
};

}  // namespace commitfs
