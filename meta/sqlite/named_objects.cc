#include "meta/sqlite/named_objects.h"

#include <chrono>

#include "meta/sqlite/schema.h"

namespace commitfs::sqlite {
namespace {

constexpr char kAttachStaging[] = "ATTACH DATABASE ?1 AS staging";

// An adoption is version 1 and nothing else is.
constexpr char kListNamedObjects[] =
    "SELECT id, MAX(in_tree), MAX(is_staged), MAX(is_listed), MAX(size_bytes), MAX(checksum), "
    "MAX(mtime_ns), MAX(is_needed) FROM ("
    "SELECT object AS id, 1 AS in_tree, 0 AS is_staged, 0 AS is_listed, NULL AS size_bytes, "
    "NULL AS checksum, iif(since = 1, mtime_ns, NULL) AS mtime_ns, 1 AS is_needed FROM main.inode "
    "WHERE object <> 0 "
    "UNION ALL SELECT object, 1, 0, 0, NULL, NULL, iif(since = 1, mtime_ns, NULL), 1 "
    "FROM main.inode_history WHERE object <> 0 "
    "UNION ALL SELECT object, 0, 1, 0, NULL, NULL, NULL, session NOT IN (SELECT id FROM "
    "staging.session WHERE base NOT IN (SELECT seq_no FROM main.version)) "
    "FROM staging.staged_inode WHERE object <> 0 "
    "UNION ALL SELECT id, 0, 0, 1, size_bytes, checksum, NULL, 0 FROM main.object"
    ") GROUP BY id ORDER BY id";

}  // namespace

Result<std::unique_ptr<Connection>> open_both(const std::filesystem::path& catalog,
                                              const std::filesystem::path& staging) {
  auto connection = TRY(open_reader(catalog, kLockLimit));
  TRY(connection->execute("PRAGMA temp_store = FILE"));
  TRY(connection->run(kAttachStaging, Text{staging.native()}));
  return connection;
}

Result<NamedObjects> NamedObjects::open(const std::filesystem::path& catalog,
                                        const std::filesystem::path& staging) {
  auto connection = TRY(open_both(catalog, staging));
  Use rows = TRY(connection->use(kListNamedObjects));
  return NamedObjects(std::move(connection), std::move(rows));
}

Result<std::optional<NamedObject>> NamedObjects::next() {
  if (!TRY(rows_.step())) return std::nullopt;
  NamedObject object;
  object.id = rows_.get<ObjectId>(0);
  object.in_tree = rows_.get<bool>(1);
  object.is_staged = rows_.get<bool>(2);
  object.is_listed = rows_.get<bool>(3);
  if (!rows_.is_null(4)) object.size_bytes = rows_.get<std::uint64_t>(4);
  if (!rows_.is_null(5)) object.checksum = rows_.get<std::string>(5);
  if (!rows_.is_null(6)) object.adopted_mtime_ns = rows_.get<TimeNs>(6);
  object.is_needed = rows_.get<bool>(7);
  return object;
}

}  // namespace commitfs::sqlite
