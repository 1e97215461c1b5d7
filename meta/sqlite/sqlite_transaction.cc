#include "meta/sqlite/sqlite_transaction.h"

#include <fmt/format.h>

#include <cerrno>

#include "meta/base/fault.h"
#include "meta/sqlite/netstring.h"
#include "meta/sqlite/prune.h"
#include "meta/sqlite/statements.h"

namespace commitfs::sqlite {

Result<void> SqliteTransaction::check_open() const {
  if (!open_.is_open()) return fail(EINVAL, "the catalog transaction has ended");
  return {};
}

Result<void> SqliteTransaction::savepoint() {
  if (has_savepoint_) TRY(run(kReleaseSavepoint));
  has_savepoint_ = false;
  TRY(run(kSetSavepoint));
  has_savepoint_ = true;
  return {};
}

Result<void> SqliteTransaction::rollback_to_savepoint() {
  if (!has_savepoint_) return fail(EINVAL, "roll back to a savepoint that was not set");
  return run(kRollBackToSavepoint);
}

Result<void> SqliteTransaction::put_inode(SeqNo seq_no, const InodeRecord& record) {
  TRY(run(kRetireInode, record.id, seq_no));
  return run(kPutInode, record.id, record.mode, record.uid, record.gid, record.nlink, record.rdev,
             record.size_bytes, record.atime_ns, record.mtime_ns, record.ctime_ns, record.btime_ns,
             record.object, record.symlink_target, seq_no);
}

Result<void> SqliteTransaction::remove_inode(SeqNo seq_no, InodeId id) {
  TRY(run(kRetireXattrs, id, seq_no));
  TRY(run(kDeleteXattrs, id));
  TRY(run(kRetireInode, id, seq_no));
  return run(kDeleteInode, id);
}

Result<void> SqliteTransaction::put_dirent(SeqNo seq_no, const DirentKey& key, InodeId inode) {
  TRY(run(kRetireDirent, key.parent, key.name, seq_no));
  return run(kPutDirent, key.parent, key.name, seq_no, inode);
}

Result<void> SqliteTransaction::remove_dirent(SeqNo seq_no, const DirentKey& key) {
  TRY(run(kRetireDirent, key.parent, key.name, seq_no));
  return run(kDeleteDirent, key.parent, key.name);
}

Result<void> SqliteTransaction::put_xattr(SeqNo seq_no, const XattrKey& key,
                                          std::string_view value) {
  TRY(run(kRetireXattr, key.inode, key.name, seq_no));
  return run(kPutXattr, key.inode, key.name, seq_no, value);
}

Result<void> SqliteTransaction::remove_xattr(SeqNo seq_no, const XattrKey& key) {
  TRY(run(kRetireXattr, key.inode, key.name, seq_no));
  return run(kDeleteXattr, key.inode, key.name);
}

Result<void> SqliteTransaction::put_group_head(const GroupKey& key, const GroupHead& head) {
  return run(kPutGroupHead, key.partition, key.group, head.content_seq_no, head.content_change,
             head.attribute_seq_no);
}

Result<void> SqliteTransaction::put_directory_head(InodeId directory, const DirectoryHead& head) {
  return run(kPutDirectoryHead, directory, head.entries_seq_no, head.subtree_seq_no,
             head.place_seq_no);
}

Result<void> SqliteTransaction::put_object(ObjectId id, std::uint64_t size_bytes) {
  return run(kPutObject, id, size_bytes);
}

Result<void> SqliteTransaction::add_version(const VersionRecord& version,
                                            std::span<const ChangeRecord> changes) {
  const auto head = TRY(head_seq_no());
  if (raw(version.seq_no) != raw(head) + 1) {
    return fail(EINVAL, fmt::format("add version {} after {}", raw(version.seq_no), raw(head)));
  }
  const auto session_id = version.session_id == SessionId::none
                              ? std::nullopt
                              : std::optional<SessionId>(version.session_id);
  const auto token = version.token ? std::optional<Text>(Text{*version.token}) : std::nullopt;
  const auto metadata = encode_map(version.metadata);
  TRY(run(kAddVersion, version.seq_no, version.term, session_id, Text{version.session},
          version.base, token, Text{version.operation}, version.uid, version.gid, version.time_ns,
          Text{version.message}, metadata, version.only_deletes, version.added, version.modified,
          version.deleted, version.renamed, version.attributes, version.bytes));
  return add_changes(version.seq_no, changes);
}

Result<void> SqliteTransaction::add_changes(SeqNo seq_no, std::span<const ChangeRecord> changes) {
  std::uint64_t ordinal = 0;
  for (const auto& change : changes) {
    TRY(run(kAddChange, seq_no, ordinal++, change.kind, change.path, change.old_path, change.inode,
            change.group.partition, change.group.group, change.is_directory));
  }
  return {};
}

Result<void> SqliteTransaction::put_tag(const TagRecord& tag) {
  if (!TRY(find_version(tag.seq_no))) return fail(ENOENT, "tag a version that is not there");
  return run(kPutTag, tag.name, tag.seq_no, tag.time_ns, tag.uid);
}

Result<void> SqliteTransaction::remove_tag(std::string_view name) {
  TRY(run(kDeleteTag, name));
  if (open_.connection().changed_rows() == 0) return fail(ENOENT, "remove a tag that is not there");
  return {};
}

Result<void> SqliteTransaction::remove_versions(std::span<const SeqNo> versions) {
  const SeqNo head = TRY(head_seq_no());
  for (const SeqNo seq_no : versions) {
    if (seq_no == head) return fail(EBUSY, "remove the newest version");
    if (!TRY(tags_of(seq_no)).empty()) return fail(EBUSY, "remove a version that has a tag");
  }
  for (const SeqNo seq_no : versions)
    TRY(run(kDeleteVersion, seq_no));
  return {};
}

Result<std::size_t> SqliteTransaction::prune(PruneCursor& cursor, std::size_t limit) {
  TRY(check_open());
  return sqlite::prune(open_.connection(), cursor, limit);
}

Result<void> SqliteTransaction::forget_objects(std::span<const ObjectId> ids) {
  for (const ObjectId id : ids)
    TRY(run(kDeleteObject, id));
  return {};
}

Result<Term> SqliteTransaction::raise_term() {
  const Term next{raw(TRY(current_term())) + 1};
  TRY(run(kAddTerm, next));
  return next;
}

Result<void> SqliteTransaction::put_config(std::string_view key, std::string_view value) {
  return run(kPutConfig, Text{key}, value);
}

Result<void> SqliteTransaction::commit() {
  TRY(check_open());
  if (auto injected = fault::point("catalog.before_commit"); !injected) {
    open_.rollback();
    return injected;
  }
  TRY(open_.commit());
  return fault::point("catalog.after_commit");
}

}  // namespace commitfs::sqlite
