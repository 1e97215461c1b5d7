#pragma once

#include <optional>
#include <vector>

#include "meta/catalog.h"
#include "txn/delta.h"

namespace commitfs::past {

/// A name that stands for different inodes in two versions.
struct EntryDifference {
  DirentKey key;
  InodeId before = InodeId::none;
  InodeId after = InodeId::none;
};

/// An inode that is in one of two versions only, or not the same in both.
struct InodeDifference {
  InodeId id = InodeId::none;
  std::optional<InodeRecord> before;
  std::optional<InodeRecord> after;
  std::vector<XattrDelta> xattrs;  ///< by name; of an inode in one version only: none

  bool changed_content() const { return before && after && before->object != after->object; }
  /// Mode, owner or extended attributes.
  bool changed_attributes() const;
  bool changed_times() const;
};

/// All that tells one version from another. ctime, and the version an inode was last changed in,
/// tell nothing.
struct Difference {
  SeqNo from = SeqNo::none;
  SeqNo to = SeqNo::none;
  std::vector<EntryDifference> entries;  ///< by key
  std::vector<InodeDifference> inodes;   ///< by id

  const InodeDifference* find_inode(InodeId id) const;
};

/// What was read at a version is all of it only if this succeeds afterwards: rows of a version that
/// was removed go one after the other. ESTALE.
Result<void> check_there(CatalogReader& catalog, SeqNo version);

/// What changed from one version to another, in either direction; `from` may be none, for the
/// empty tree. Both must exist. The cost follows what the versions in between did, whatever the
/// size of the table: their records of changes say where to look, and each key is then read at
/// both versions. (With an index on the rows' versions instead, every row of every commit would pay
/// for a question that is asked seldom.) From the empty tree it follows the size of the other.
/// Errors: ESTALE when one of them expired meanwhile; those of the catalog. Thread-safe.
Result<Difference> compare_versions(CatalogReader& catalog, SeqNo from, SeqNo to);

}  // namespace commitfs::past
