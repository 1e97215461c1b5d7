#pragma once

#include "meta/base/error.h"
#include "meta/sqlite/database.h"
#include "meta/types.h"

namespace commitfs::sqlite {

/// How many columns an inode takes in a row, in the order of COMMITFS_INODE_COLUMNS (statements.h).
constexpr int kInodeColumns = 14;

/// The inode in the columns from `first` on.
InodeRecord read_inode(const Use& row, int first);
/// The version in a row of COMMITFS_VERSION_COLUMNS. Errors: EIO (metadata damaged).
Result<VersionRecord> read_version(const Use& row);

}  // namespace commitfs::sqlite
