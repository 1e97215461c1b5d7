#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <compare>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "meta/base/clock.h"

namespace commitfs {

enum class InodeId : std::uint64_t { none = 0, root = 1 };
/// A file body in the object store. `none` is the empty body of a non-regular file, or of a file
/// never written.
enum class ObjectId : std::uint64_t { none = 0 };
/// The number of a version: 1, 2, 3… The newest is the head.
enum class SeqNo : std::uint64_t { none = 0 };
/// In a read: the head, whatever it is at that call.
constexpr SeqNo kNewest{std::numeric_limits<std::int64_t>::max()};
/// Grows by one at every mount that may commit.
enum class Term : std::uint64_t { none = 0 };
/// One session for ever; names come again, ids do not.
enum class SessionId : std::uint64_t { none = 0 };

constexpr std::uint64_t raw(InodeId id) {
  return static_cast<std::uint64_t>(id);
}
constexpr std::uint64_t raw(ObjectId id) {
  return static_cast<std::uint64_t>(id);
}
constexpr std::uint64_t raw(SeqNo id) {
  return static_cast<std::uint64_t>(id);
}
constexpr std::uint64_t raw(Term id) {
  return static_cast<std::uint64_t>(id);
}
constexpr std::uint64_t raw(SessionId id) {
  return static_cast<std::uint64_t>(id);
}

/// Everything the catalog knows of one inode. `mode` holds type and permissions as in stat(2).
/// A directory's nlink is 2 + its subdirectories; size of a directory is 0.
struct InodeRecord {
  InodeId id = InodeId::none;
  mode_t mode = 0;
  uid_t uid = 0;
  gid_t gid = 0;
  std::uint32_t nlink = 0;
  dev_t rdev = 0;
  std::uint64_t size_bytes = 0;
  TimeNs atime_ns = 0;
  TimeNs mtime_ns = 0;
  TimeNs ctime_ns = 0;
  TimeNs btime_ns = 0;
  ObjectId object = ObjectId::none;
  std::string symlink_target;
  /// The version that last changed this inode in any way; `none` while it is only staged.
  SeqNo since = SeqNo::none;

  bool is_directory() const { return S_ISDIR(mode); }
  bool is_regular() const { return S_ISREG(mode); }
  bool operator==(const InodeRecord&) const = default;
};

/// The place of a name: bytes of any kind but '/' and NUL, 1 to 255 of them.
struct DirentKey {
  InodeId parent = InodeId::none;
  std::string name;
  auto operator<=>(const DirentKey&) const = default;
};

struct DirentRecord {
  DirentKey key;
  InodeId inode = InodeId::none;
  SeqNo since = SeqNo::none;
  bool operator==(const DirentRecord&) const = default;
};

/// A name with the inode it stands for, as a listing gives it.
struct ListedDirent {
  std::string name;
  InodeRecord inode;
};

struct XattrKey {
  InodeId inode = InodeId::none;
  std::string name;
  auto operator<=>(const XattrKey&) const = default;
};

/// The unit of conflict: a directory (by inode, so that it keeps its identity when it moves) and a
/// group name in it.
struct GroupKey {
  InodeId partition = InodeId::none;
  std::string group;
  auto operator<=>(const GroupKey&) const = default;
};

/// What a version did to one path.
enum class ChangeKind : std::uint8_t {
  added = 1,       ///< A
  modified = 2,    ///< M: content
  deleted = 3,     ///< D
  renamed = 4,     ///< R: `old_path` -> `path`
  attributes = 5,  ///< M: mode, owner or extended attributes only
  times = 6,       ///< nothing but times: never shown, kept so that touched_between finds the inode
};

/// One line of what a version did. Paths are relative to the table's root, without a leading '/'.
struct ChangeRecord {
  ChangeKind kind = ChangeKind::added;
  std::string path;
  std::string old_path;
  InodeId inode = InodeId::none;
  GroupKey group;
  bool is_directory = false;
  bool operator==(const ChangeRecord&) const = default;
};

/// What may differ between two versions: keys to look at in both. Each once, in order.
struct Touched {
  std::vector<InodeId> inodes;  ///< also the directories of `dirents`
  std::vector<DirentKey> dirents;
  bool operator==(const Touched&) const = default;
};

/// How far a pruning has got.
struct PruneCursor {
  unsigned table = 0;
  std::uint64_t first = 0;  ///< the key it stands behind, by the table's own columns
  std::string name;
  std::uint64_t second = 0;
  bool done = false;
};

/// The last versions that touched one group. `none` where none did since the table was made.
struct GroupHead {
  SeqNo content_seq_no = SeqNo::none;  ///< created, updated, deleted, or renamed here or away
  ChangeKind content_change = ChangeKind::added;
  SeqNo attribute_seq_no = SeqNo::none;  ///< mode, owner, extended attributes
  bool operator==(const GroupHead&) const = default;
};

/// The last versions that touched one directory. Rows of removed directories stay.
struct DirectoryHead {
  /// An entry was added, removed or replaced in it, otherwise than by a rewrite, which changes no
  /// data (row 11 of the conflict table).
  SeqNo entries_seq_no = SeqNo::none;
  SeqNo subtree_seq_no =
      SeqNo::none;  ///< anything below it changed, at any depth (its own entries too)
  SeqNo place_seq_no = SeqNo::none;  ///< it was made, renamed, moved or removed itself
  bool operator==(const DirectoryHead&) const = default;
};

/// A name somebody gave to a version, so that it can be found and is kept.
struct TagRecord {
  std::string name;
  SeqNo seq_no = SeqNo::none;
  TimeNs time_ns = 0;  ///< when it was set
  uid_t uid = 0;       ///< by whom
  bool operator==(const TagRecord&) const = default;
};

/// One committed version.
struct VersionRecord {
  SeqNo seq_no = SeqNo::none;
  Term term = Term::none;
  SessionId session_id = SessionId::none;
  std::string session;  ///< the session's name
  SeqNo base = SeqNo::none;
  std::optional<std::string> token;  ///< unique among all versions when present
  std::string operation = "write";   ///< write, rewrite, replace, adopt, config
  uid_t uid = 0;
  gid_t gid = 0;
  TimeNs time_ns = 0;  ///< never decreases with seq_no
  std::string message;
  std::map<std::string, std::string> metadata;
  bool only_deletes = false;  ///< it did nothing but delete (row 9 of the conflict table)
  std::uint64_t added = 0, modified = 0, deleted = 0, renamed = 0,
                attributes = 0;  ///< counts of paths
  std::uint64_t bytes = 0;       ///< size of the bodies it brought
  bool operator==(const VersionRecord&) const = default;
};

}  // namespace commitfs

template <>
struct std::hash<commitfs::DirentKey> {
  std::size_t operator()(const commitfs::DirentKey& key) const noexcept {
    return std::hash<std::string>{}(key.name) ^ (commitfs::raw(key.parent) * 0x9E3779B97F4A7C15ULL);
  }
};
