#pragma once

#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "meta/catalog.h"
#include "meta/object_store.h"
#include "txn/conflict.h"
#include "txn/delta.h"

namespace commitfs {

struct TableConfig;

/// Attributes that another version gave a file which this session replaced by a new one: bytes of
/// one, attributes of the other (row 28).
struct InheritedAttributes {
  std::optional<mode_t> mode;
  std::optional<uid_t> uid;
  std::optional<gid_t> gid;
  std::vector<std::pair<std::string, std::optional<std::string>>> xattrs;
};

/// A name that the configuration says to ignore, changed by others too (row 40): my file goes over
/// theirs.
struct IgnoredName {
  DirentKey key;                   ///< in the session
  InodeId theirs = InodeId::none;  ///< what the head has under it
  InodeId in_place =
      InodeId::none;  ///< whose bytes I changed in place though the head has it no more
};

/// The answer to "may this land on that head?", and what applying it must know.
struct Validation {
  ConflictReport report;
  /// Inodes made here that the head has already: directories merged (row 21), identical files (row
  /// 3). `none`: the file it replaced is gone, and it brought nothing new (row 33).
  std::unordered_map<InodeId, InodeId> replaced;
  /// Names whose change is the head's already, or is none (rows 3, 9, 21, 22, 33): not applied.
  std::set<DirentKey> settled;
  /// Bodies likewise: the inode's attributes may still be applied.
  std::set<InodeId> settled_contents;
  std::map<InodeId, InheritedAttributes> inherited;
  /// Files of the base of which I changed attributes and which another version replaced by a new
  /// file: that one, which takes my attributes (row 28).
  std::map<InodeId, InodeId> successors;
  std::vector<IgnoredName> ignored;
  /// Pairs that are a conflict unless their bytes are equal: to be compared outside the catalog's
  /// lock, then validated again.
  std::vector<std::pair<ObjectId, ObjectId>> unknown_bytes;
};

/// Which bodies are known to be equal or to differ, so that validation under the catalog's lock
/// reads no data. Not thread-safe.
class BodyComparisons {
 public:
  std::optional<bool> find(ObjectId a, ObjectId b) const;
  void put(ObjectId a, ObjectId b, bool identical);
  /// Compares every pair that is not known yet. Errors: EIO.
  Result<void> compare(const ObjectStore& store,
                       const std::vector<std::pair<ObjectId, ObjectId>>& pairs);

 private:
  std::map<std::pair<ObjectId, ObjectId>, bool> known_;
};

/// Validates a session's delta against the head of `head` (a catalog for a check, a transaction for
/// a commit). Probes group_head and directory_head: the cost follows the delta, not the table and
/// not its history. `config` is the table's as `head` has it. Errors: EIO, EAGAIN. A conflict is
/// not an error: see Validation::report. Source: Hudi RFC-22 (conflicts by file group); Berenson et
/// al. 1995 (first committer wins).
Result<Validation> validate(CatalogReader& head, const Delta& delta, const BodyComparisons& bodies,
                            const TableConfig& config);

}  // namespace commitfs
