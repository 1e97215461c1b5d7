#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "meta/base/error.h"
#include "meta/types.h"

namespace commitfs {

/// Reads of the committed state. `at` names the version to read; a version never changes, so two
/// reads at the same version agree whatever commits in between; two at kNewest need not. Reading at
/// the head costs O(log n) in the size of the table and nothing for its history. "Not there" is an
/// empty optional or list, never an error. Errors: EIO, EAGAIN (locked for longer than the limit).
/// Thread-safe unless said otherwise.
class CatalogReader {
 public:
  virtual ~CatalogReader() = default;

  /// The newest version. For a transaction: the newest including its own.
  virtual Result<VersionRecord> head() = 0;
  virtual Result<SeqNo> head_seq_no() = 0;

  virtual Result<std::optional<InodeRecord>> find_inode(SeqNo at, InodeId id) = 0;
  virtual Result<std::optional<DirentRecord>> find_dirent(SeqNo at, InodeId parent,
                                                          std::string_view name) = 0;
  /// find_dirent and find_inode in one step; what a path lookup needs. EIO when the entry's inode
  /// is missing.
  virtual Result<std::optional<InodeRecord>> find_child(SeqNo at, InodeId parent,
                                                        std::string_view name) = 0;
  /// At most `limit` entries of `parent` with names greater than `after` (bytewise; all names are
  /// when it is empty), by name.
  virtual Result<std::vector<ListedDirent>> list(SeqNo at, InodeId parent, std::string_view after,
                                                 std::size_t limit) = 0;
  /// Every name of an inode, by (parent, name). A directory has exactly one, the root none.
  virtual Result<std::vector<DirentKey>> links_of(SeqNo at, InodeId inode) = 0;
  virtual Result<std::optional<std::string>> find_xattr(SeqNo at, InodeId inode,
                                                        std::string_view name) = 0;
  /// Names and values, by name.
  virtual Result<std::vector<std::pair<std::string, std::string>>> list_xattrs(SeqNo at,
                                                                               InodeId inode) = 0;

  virtual Result<std::optional<VersionRecord>> find_version(SeqNo seq_no) = 0;
  /// Newest first, at most `limit`, all with seq_no < `before` (no bound when it is none).
  virtual Result<std::vector<VersionRecord>> list_versions(SeqNo before, std::size_t limit) = 0;
  /// The newest version with time_ns <= `time_ns`.
  virtual Result<std::optional<VersionRecord>> find_version_at(TimeNs time_ns) = 0;
  virtual Result<std::optional<VersionRecord>> find_version_by_token(std::string_view token) = 0;
  virtual Result<std::optional<VersionRecord>> find_version_by_session_id(SessionId id) = 0;
  /// The newest version committed by a session of that name.
  virtual Result<std::optional<VersionRecord>> find_version_by_session_name(
      std::string_view name) = 0;
  /// What a version did, in the order it was recorded, without ChangeKind::times.
  virtual Result<std::vector<ChangeRecord>> list_changes(SeqNo seq_no) = 0;

  /// The keys that versions after `from` up to `to` recorded changes of, renamed entries by their
  /// new name (the old one is a link of the inode at the older version). From the records of what
  /// each version did, so its cost follows them, and no commit pays for an index on the rows
  /// themselves. None when `to` is not after `from`. Records outlast removed versions while an
  /// older version is there.
  virtual Result<Touched> touched_between(SeqNo from, SeqNo to) = 0;
  /// Committed bodies that no inode names any more, at most `limit`, by id. Reads every inode, of
  /// the head and of the past.
  virtual Result<std::vector<ObjectId>> list_unnamed_objects(std::size_t limit) = 0;

  virtual Result<std::optional<TagRecord>> find_tag(std::string_view name) = 0;
  /// At most `limit` tags with names greater than `after` (bytewise; all are when it is empty), by
  /// name.
  virtual Result<std::vector<TagRecord>> list_tags(std::string_view after, std::size_t limit) = 0;
  /// The tags of one version, by name.
  virtual Result<std::vector<TagRecord>> tags_of(SeqNo seq_no) = 0;

  virtual Result<GroupHead> group_head(const GroupKey& key) = 0;
  virtual Result<DirectoryHead> directory_head(InodeId directory) = 0;
  virtual Result<Term> current_term() = 0;
  virtual Result<std::optional<std::string>> find_config(std::string_view key) = 0;
};

/// One atomic step from head to head, in the making. Reads inherited from CatalogReader see what it
/// wrote itself. Exactly one exists at a time over all processes (BEGIN IMMEDIATE). Destroying it
/// without `commit` undoes everything. Used by one thread. Writes are made as of a version: the
/// record's own `since` is ignored and set to `seq_no`, and the row it replaces becomes history,
/// visible up to `seq_no` exclusive (rows of the same version are overwritten).
class CatalogTransaction : public CatalogReader {
 public:
  /// Marks a point to come back to, more than once if need be. One level: a second savepoint
  /// replaces the first.
  virtual Result<void> savepoint() = 0;
  virtual Result<void> rollback_to_savepoint() = 0;

  virtual Result<void> put_inode(SeqNo seq_no, const InodeRecord& record) = 0;
  /// Removes the inode and all its extended attributes.
  virtual Result<void> remove_inode(SeqNo seq_no, InodeId id) = 0;
  virtual Result<void> put_dirent(SeqNo seq_no, const DirentKey& key, InodeId inode) = 0;
  virtual Result<void> remove_dirent(SeqNo seq_no, const DirentKey& key) = 0;
  virtual Result<void> put_xattr(SeqNo seq_no, const XattrKey& key, std::string_view value) = 0;
  virtual Result<void> remove_xattr(SeqNo seq_no, const XattrKey& key) = 0;

  virtual Result<void> put_group_head(const GroupKey& key, const GroupHead& head) = 0;
  virtual Result<void> put_directory_head(InodeId directory, const DirectoryHead& head) = 0;
  /// Records a body as committed and immutable.
  virtual Result<void> put_object(ObjectId id, std::uint64_t size_bytes) = 0;
  /// Adds the version; it is the head once the transaction commits. seq_no must be head + 1 (EINVAL
  /// otherwise), its token and its session id not those of another version (EEXIST).
  virtual Result<void> add_version(const VersionRecord& version,
                                   std::span<const ChangeRecord> changes) = 0;

  /// Sets a tag, or moves it. ENOENT when there is no such version.
  virtual Result<void> put_tag(const TagRecord& tag) = 0;
  /// ENOENT when there is no such tag.
  virtual Result<void> remove_tag(std::string_view name) = 0;

  /// Takes versions out of the table for good: they are found no more, and what a read at one of
  /// them answers is undefined. The rows that only they saw stay until `prune`. EBUSY, and nothing
  /// is removed, for the head or a version with a tag; one that is not there is no error.
  virtual Result<void> remove_versions(std::span<const SeqNo> versions) = 0;
  /// Removes rows of the past that no version sees, and records of what was done before the oldest
  /// version: looks at no more than `limit` rows (at least one) behind the cursor and moves it.
  /// Answers how many went. Safe to stop anywhere, and to begin anew.
  virtual Result<std::size_t> prune(PruneCursor& cursor, std::size_t limit) = 0;
  /// Bodies that list_unnamed_objects told are committed no more; whoever calls removes them from
  /// the store once this is durable.
  virtual Result<void> forget_objects(std::span<const ObjectId> ids) = 0;

  /// Raises the term by one and returns it.
  virtual Result<Term> raise_term() = 0;
  virtual Result<void> put_config(std::string_view key, std::string_view value) = 0;

  /// Durable when it returns (WAL fsynced). Whatever it answers the transaction has ended, and
  /// other calls are EINVAL. Errors: ENOSPC, EIO (outcome unknown), EAGAIN. Fault points:
  /// catalog.before_commit, catalog.after_commit.
  virtual Result<void> commit() = 0;
};

/// The most ids a call may ask for, so that a wrong one cannot use them up.
constexpr std::uint64_t kIdsReservedMax = std::uint64_t{1} << 32;

enum class IdKind : std::uint8_t { inode = 1, object = 2, session = 3 };

/// The table's committed versions. Thread-safe.
class Catalog : public CatalogReader {
 public:
  /// Waits for another writer up to the lock limit, then EAGAIN.
  virtual Result<std::unique_ptr<CatalogTransaction>> begin() = 0;

  /// `count` ids of a kind that were never handed out and never will be again, also across crashes:
  /// the first of them. Ids start at 2 for inodes (1 is the root) and at 1 otherwise. Durable when
  /// it returns. Cheap: a catalog on disk takes thousands from its file at once. Not while this
  /// thread holds a transaction, whose end it may have to wait for. Errors: EINVAL (none, or more
  /// than kIdsReservedMax), EAGAIN, ENOSPC, EIO.
  virtual Result<std::uint64_t> reserve_ids(IdKind kind, std::uint64_t count) = 0;
};

}  // namespace commitfs
