#pragma once

#include "meta/base/unique_fd.h"
#include "meta/catalog.h"

namespace commitfs::past {

/// Keeps a version from being expired, whichever process would, as long as it lives; a process that
/// is killed lets go. It is a lock on the byte of that number in `.commitfs/pins`, shared by all
/// who pin the version, and taken for itself alone by who expires it (VersionClaims), until that
/// is done. Nothing is stored, so nothing can be left behind. Move-only.
class VersionPin {
 public:
  /// Pins `version` of the table with the control directory `control_fd`; waits while somebody is
  /// removing it. ENOENT when there is no such version (any more). On a file system that takes no
  /// writes there is nobody to pin it against.
  static Result<VersionPin> hold(int control_fd, CatalogReader& catalog, SeqNo version);

  SeqNo version() const { return version_; }

 private:
  VersionPin(UniqueFd file, SeqNo version) : file_(std::move(file)), version_(version) {}
  UniqueFd file_;  // the lock is its open file's
  SeqNo version_ = SeqNo::none;
};

/// The other side: versions that nobody has pinned, and that nobody can pin meanwhile. All are let
/// go when it goes, which is to be after they were removed, or are to stay. Move-only.
class VersionClaims {
 public:
  static Result<VersionClaims> open(int control_fd);
  /// False when somebody has pinned it.
  Result<bool> claim(SeqNo version);

 private:
  explicit VersionClaims(UniqueFd file) : file_(std::move(file)) {}
  UniqueFd file_;
};

}  // namespace commitfs::past
