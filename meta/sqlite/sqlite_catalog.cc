#include "meta/sqlite/sqlite_catalog.h"

#include <algorithm>
#include <cerrno>
#include <map>

#include "meta/base/mutex.h"
#include "meta/reads_through.h"
#include "meta/sqlite/pool.h"
#include "meta/sqlite/sqlite_transaction.h"
#include "meta/sqlite/statements.h"
#include "meta/sqlite/writer.h"

namespace commitfs {
namespace sqlite {
namespace {

/// Ids taken from the file at once: a file made costs no fsync of its own, and a restart wastes at
/// most so many. As many as bodies share a directory (object_store.cc).
constexpr std::uint64_t kIdsAtOnce = 4096;

class SqliteCatalog final : public ReadsThrough<Catalog, SqliteCatalog> {
 public:
  /// Without a writer it is read-only.
  SqliteCatalog(const std::filesystem::path& path, std::unique_ptr<Writer> writer,
                std::chrono::milliseconds lock_limit)
      : writer_(std::move(writer)), readers_(path, lock_limit) {}

  template <typename Read>
  auto read(Read read) -> decltype(read(std::declval<SqliteReader&>())) {
    const auto lease = TRY(readers_.take());
    SqliteReader reader(*lease, SqliteReader::Of::committed);
    return read(reader);
  }

  Result<std::unique_ptr<CatalogTransaction>> begin() override {
    return std::make_unique<SqliteTransaction>(TRY(begin_writing()));
  }

  Result<std::uint64_t> reserve_ids(IdKind kind, std::uint64_t count) override;

 private:
  struct IdRange {
    std::uint64_t next = 0;
    std::uint64_t end = 0;
  };
  std::optional<std::uint64_t> take_ids(IdKind kind, std::uint64_t count);
  Result<IdRange> reserve_in_file(IdKind kind, std::uint64_t count);
  Result<Writer::Open> begin_writing() {
    if (!writer_) return fail(EROFS, "write to a catalog that was opened for reading");
    return writer_->begin();
  }

  std::unique_ptr<Writer> writer_;
  Pool readers_;
  Mutex ids_mutex_;
  std::map<IdKind, IdRange> ids_
      GUARDED_BY(ids_mutex_);  ///< reserved in the file, not handed out yet
};

std::optional<std::uint64_t> SqliteCatalog::take_ids(IdKind kind, std::uint64_t count) {
  MutexLock lock(ids_mutex_);
  auto& range = ids_[kind];
  if (range.end - range.next < count) return std::nullopt;
  range.next += count;
  return range.next - count;
}

Result<std::uint64_t> SqliteCatalog::reserve_ids(IdKind kind, std::uint64_t count) {
  if (count == 0 || count > kIdsReservedMax) return fail(EINVAL, "reserve ids");
  if (const auto first = take_ids(kind, count)) return *first;

  auto range = TRY(reserve_in_file(kind, std::max(count, kIdsAtOnce)));
  const auto first = range.next;
  range.next += count;
  MutexLock lock(ids_mutex_);
  // Another thread may have brought a range meanwhile: the larger is kept, the rest of the other is
  // never used.
  auto& kept = ids_[kind];
  if (range.end - range.next > kept.end - kept.next) kept = range;
  return first;
}

Result<SqliteCatalog::IdRange> SqliteCatalog::reserve_in_file(IdKind kind, std::uint64_t count) {
  auto transaction = TRY(begin_writing());
  IdRange range;
  {
    auto row = TRY(transaction.connection().use(kReserveIds, kind, count));
    if (!TRY(row.step())) return fail(EIO, "the catalog has no counter for this kind of id");
    range.next = row.get<std::uint64_t>(0);
    TRY(row.run());
  }
  range.end = range.next + count;
  TRY(transaction.commit());
  return range;
}

}  // namespace
}  // namespace sqlite

Result<std::unique_ptr<Catalog>> open_sqlite_catalog(const std::filesystem::path& path,
                                                     SqliteCatalogOptions options) {
  auto writer = TRY(sqlite::Writer::open(path, sqlite::catalog_schema(), sqlite::Synchronous::full,
                                         options.lock_limit));
  return std::make_unique<sqlite::SqliteCatalog>(path, std::move(writer), options.lock_limit);
}

Result<std::unique_ptr<Catalog>> open_sqlite_catalog_read_only(const std::filesystem::path& path,
                                                               SqliteCatalogOptions options) {
  const auto& schema = sqlite::catalog_schema();
  const auto version = TRY(sqlite::schema_version(path, schema, options.lock_limit));
  if (version < schema.migrations.size()) {
    return fail(EPROTO, path.string() +
                            " is of an older commitfs: mounting the table brings it up to date");
  }
  return std::make_unique<sqlite::SqliteCatalog>(path, nullptr, options.lock_limit);
}

Result<bool> sqlite_catalog_has_version(const std::filesystem::path& path,
                                        SqliteCatalogOptions options) {
  const auto& schema = sqlite::catalog_schema();
  if (TRY(sqlite::schema_version(path, schema, options.lock_limit)) == 0) return false;
  const auto reader = TRY(sqlite::open_reader(path, options.lock_limit));
  reader->set_checkpoint_on_close(false);
  return TRY(reader->query_integer(sqlite::kHasVersion)) != 0;
}

}  // namespace commitfs
