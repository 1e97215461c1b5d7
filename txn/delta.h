#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "meta/catalog.h"
#include "txn/reads.h"
#include "txn/session.h"

namespace commitfs {

/// A name that stands for something else than in the base.
struct DirentDelta {
  DirentKey key;
  InodeId before = InodeId::none;
  InodeId after = InodeId::none;
};

/// An inode that is new, or differs from the base.
struct InodeDelta {
  InodeRecord mine;  ///< size and times of a staged body already read from its object
  std::optional<InodeRecord> before;  ///< empty: made here
  std::vector<DirentKey> links;       ///< its names in the session
  std::vector<DirentKey> base_links;  ///< its names in the base
  bool content = false;
  /// The body is no staged one of the session's own: committed versions name it too.
  bool shares_body = false;
  bool mode = false;
  bool uid = false;
  bool gid = false;
  bool times = false;
  bool maybe_unwritten = false;  ///< size and ctime say so; settled by compute_delta
  bool attributes() const { return mode || uid || gid; }
};

struct XattrDelta {
  XattrKey key;
  std::optional<std::string> before;
  std::optional<std::string> after;
};

/// What a session really changed against its base: names put back, bodies opened and never written
/// (row 33), and times alone (row 32) are left out. Also how to speak of it: the paths and places
/// that validation and reports need. A value; nothing in it refers to the session.
struct Delta {
  SessionId session = SessionId::none;
  SeqNo base = SeqNo::none;
  std::vector<DirentDelta> dirents;  ///< by key
  std::vector<InodeDelta> inodes;    ///< by id; made, changed in content or in attributes
  std::vector<InodeDelta>
      times;  ///< by id; carried along with a version, but never a reason for one
  std::vector<XattrDelta> xattrs;  ///< by key
  /// Directories of the session that changes or links are in: path, and the inode's base ancestors.
  std::map<InodeId, std::string> directory_paths;
  /// For each directory of the base in which something changed: itself, then its ancestors up to
  /// the root, as in the base.
  std::map<InodeId, std::vector<InodeId>> base_ancestors;
  /// The names, in session and base, of inodes that `xattrs` speaks of.
  std::map<InodeId, std::vector<DirentKey>> xattr_links;
  /// My mtime of every directory in which a name changed.
  std::map<InodeId, TimeNs> directory_mtimes;
  std::set<InodeId> directories_removed;  ///< of the base
  std::set<InodeId> directories_moved;    ///< of the base
  std::set<InodeId> moved;                ///< inodes with a name gone and a name new: renames
  std::set<InodeId> made_directories;
  std::map<InodeId, InodeRecord> before;  ///< base record of each inode that lost a name
  bool only_deletes = false;
  bool rewrites = false;                          ///< the session changes layout, not data
  std::vector<std::string> replaced_directories;  ///< declared so: their paths, "." for the root
  std::uint64_t bytes = 0;                        ///< size of the bodies it brings
  /// What a serializable session depends on. Not compute_delta's: who reads and writes nothing else
  /// needs no validation.
  Reads reads;

  bool empty() const { return dirents.empty() && inodes.empty() && xattrs.empty(); }
  const InodeDelta* find_inode(InodeId id) const;
  bool made_here(InodeId id) const;
  std::string path_of(const DirentKey& key) const;
  /// Of an inode that was made here, changed, or lost a name.
  bool is_directory(InodeId id) const;
  /// True when what had the name, or what has it now, is not a directory.
  bool touches_file(const DirentDelta& change) const;
  /// One record a path, ordered by path, as `diff` shows it.
  std::vector<ChangeRecord> changes() const;
  /// Derives the summaries above (`moved`, `only_deletes`, …) from `dirents` and `inodes`.
  void classify();
};

/// Errors: EIO. Cost: O(change set) reads of the base. Takes the session's lock for one pass, and
/// not while it compares bytes.
Result<Delta> compute_delta(Session& session, const ObjectStore& store);

}  // namespace commitfs
