#pragma once

#include <map>
#include <optional>
#include <string>

#include "meta/catalog.h"
#include "txn/file_group.h"

namespace commitfs {

/// The groups of names as one version of the catalog has their directories. Asks the catalog only
/// where the rules depend on the directory, and once a directory. Not thread-safe; lives for one
/// validation, or for one application of a delta.
class GroupNames {
 public:
  GroupNames(const GroupRules& rules, CatalogReader& catalog, SeqNo at)
      : rules_(rules), catalog_(catalog), at_(at), in_use_(!rules.all_path()) {}

  /// False when no name is in a group of several: then there is nothing to do.
  bool in_use() const { return in_use_; }
  /// Empty for a name that is a group of its own; so is one in a directory that is gone.
  Result<std::optional<std::string>> group_of(const DirentKey& key);

 private:
  /// Empty for a directory that is gone.
  Result<std::optional<std::string>> path_of(InodeId directory);

  const GroupRules& rules_;
  CatalogReader& catalog_;
  const SeqNo at_;
  const bool in_use_;
  std::map<InodeId, const GroupRule*> by_directory_;  ///< null: it is gone
};

}  // namespace commitfs
