#pragma once

#include "meta/catalog.h"
#include "meta/reads_through.h"
#include "meta/sqlite/sqlite_reader.h"
#include "meta/sqlite/writer.h"

namespace commitfs::sqlite {

/// CatalogTransaction on the process's writing connection. After `commit`, whatever it answered,
/// every call is EINVAL.
class SqliteTransaction final : public ReadsThrough<CatalogTransaction, SqliteTransaction> {
 public:
  explicit SqliteTransaction(Writer::Open open) : open_(std::move(open)) {}

  template <typename Read>
  auto read(Read read) -> decltype(read(std::declval<SqliteReader&>())) {
    TRY(check_open());
    SqliteReader reader(open_.connection(), SqliteReader::Of::own_transaction);
    return read(reader);
  }

  Result<void> savepoint() override;
  Result<void> rollback_to_savepoint() override;

  Result<void> put_inode(SeqNo seq_no, const InodeRecord& record) override;
  Result<void> remove_inode(SeqNo seq_no, InodeId id) override;
  Result<void> put_dirent(SeqNo seq_no, const DirentKey& key, InodeId inode) override;
  Result<void> remove_dirent(SeqNo seq_no, const DirentKey& key) override;
  Result<void> put_xattr(SeqNo seq_no, const XattrKey& key, std::string_view value) override;
  Result<void> remove_xattr(SeqNo seq_no, const XattrKey& key) override;

  Result<void> put_group_head(const GroupKey& key, const GroupHead& head) override;
  Result<void> put_directory_head(InodeId directory, const DirectoryHead& head) override;
  Result<void> put_object(ObjectId id, std::uint64_t size_bytes) override;
  Result<void> add_version(const VersionRecord& version,
                           std::span<const ChangeRecord> changes) override;

  Result<void> put_tag(const TagRecord& tag) override;
  Result<void> remove_tag(std::string_view name) override;

  Result<void> remove_versions(std::span<const SeqNo> versions) override;
  Result<std::size_t> prune(PruneCursor& cursor, std::size_t limit) override;
  Result<void> forget_objects(std::span<const ObjectId> ids) override;

  Result<Term> raise_term() override;
  Result<void> put_config(std::string_view key, std::string_view value) override;

  Result<void> commit() override;

 private:
  Result<void> check_open() const;
  Result<void> add_changes(SeqNo seq_no, std::span<const ChangeRecord> changes);

  template <typename... Parameters>
  Result<void> run(Sql sql, const Parameters&... parameters) {
    TRY(check_open());
    return open_.connection().run(sql, parameters...);
  }

  Writer::Open open_;
  bool has_savepoint_ = false;
};

}  // namespace commitfs::sqlite
