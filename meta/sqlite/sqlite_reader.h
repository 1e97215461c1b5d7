#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "meta/sqlite/database.h"
#include "meta/types.h"

namespace commitfs::sqlite {

/// The reads of CatalogReader, which documents them, on one connection. Used by one thread; as
/// cheap to make as a pointer.
class SqliteReader {
 public:
  enum class Of { committed, own_transaction };

  /// `own_transaction` when the connection is in a transaction that may have written part of a
  /// version already.
  SqliteReader(Connection& connection, Of of)
      : connection_(connection), ahead_(of == Of::own_transaction ? 1 : 0) {}

  Result<VersionRecord> head();
  Result<SeqNo> head_seq_no();
  Result<std::optional<InodeRecord>> find_inode(SeqNo at, InodeId id);
  Result<std::optional<DirentRecord>> find_dirent(SeqNo at, InodeId parent, std::string_view name);
  Result<std::optional<InodeRecord>> find_child(SeqNo at, InodeId parent, std::string_view name);
  Result<std::vector<ListedDirent>> list(SeqNo at, InodeId parent, std::string_view after,
                                         std::size_t limit);
  Result<std::vector<DirentKey>> links_of(SeqNo at, InodeId inode);
  Result<std::optional<std::string>> find_xattr(SeqNo at, InodeId inode, std::string_view name);
  Result<std::vector<std::pair<std::string, std::string>>> list_xattrs(SeqNo at, InodeId inode);
  Result<std::optional<VersionRecord>> find_version(SeqNo seq_no);
  Result<std::vector<VersionRecord>> list_versions(SeqNo before, std::size_t limit);
  Result<std::optional<VersionRecord>> find_version_at(TimeNs time_ns);
  Result<std::optional<VersionRecord>> find_version_by_token(std::string_view token);
  Result<std::optional<VersionRecord>> find_version_by_session_id(SessionId id);
  Result<std::optional<VersionRecord>> find_version_by_session_name(std::string_view name);
  Result<std::vector<ChangeRecord>> list_changes(SeqNo seq_no);
  Result<Touched> touched_between(SeqNo from, SeqNo to);
  Result<std::vector<ObjectId>> list_unnamed_objects(std::size_t limit);
  Result<std::optional<TagRecord>> find_tag(std::string_view name);
  Result<std::vector<TagRecord>> list_tags(std::string_view after, std::size_t limit);
  Result<std::vector<TagRecord>> tags_of(SeqNo seq_no);
  Result<GroupHead> group_head(const GroupKey& key);
  Result<DirectoryHead> directory_head(InodeId directory);
  Result<Term> current_term();
  Result<std::optional<std::string>> find_config(std::string_view key);

 private:
  /// Appends to `entries` those of `parent` with names in (after, last], until they are `limit`.
  Result<void> list_range(SeqNo at, InodeId parent, std::string_view after, std::string_view last,
                          std::size_t limit, std::vector<ListedDirent>& entries);
  /// The inode of a row whose column `first` - 1 is its id and whose columns from `first` on may be
  /// NULL.
  Result<InodeRecord> joined_inode(const Use& row, int first, SeqNo at);

  Connection& connection_;
  std::int64_t ahead_;
};

}  // namespace commitfs::sqlite
