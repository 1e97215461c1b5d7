#include "meta/sqlite/schema.h"

#include <fmt/format.h>

#include <cerrno>

namespace commitfs::sqlite {
namespace {

// Names, targets, values and groups are any bytes: BLOB. Ids are unsigned and stored as the signed
// integer of the same bits. A history row was true from `since` to `until`, exclusive; it is keyed
// by `until`, so that the row of a version is the first with a greater one, found without passing
// those before.
constexpr char kCreateCatalog[] = R"sql(
  CREATE TABLE version (
    seq_no INTEGER PRIMARY KEY, term INTEGER NOT NULL, session_id INTEGER UNIQUE,
    session TEXT NOT NULL,
    base INTEGER NOT NULL, token TEXT UNIQUE, operation TEXT NOT NULL, uid INTEGER NOT NULL,
    gid INTEGER NOT NULL,
    time_ns INTEGER NOT NULL, message TEXT NOT NULL, metadata BLOB NOT NULL,
    only_deletes INTEGER NOT NULL,
    added INTEGER NOT NULL, modified INTEGER NOT NULL, deleted INTEGER NOT NULL,
    renamed INTEGER NOT NULL,
    attributes INTEGER NOT NULL, bytes INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX version_time ON version (time_ns);
  CREATE INDEX version_session ON version (session);

  CREATE TABLE inode (
    id INTEGER PRIMARY KEY, mode INTEGER NOT NULL, uid INTEGER NOT NULL, gid INTEGER NOT NULL,
    nlink INTEGER NOT NULL,
    rdev INTEGER NOT NULL, size_bytes INTEGER NOT NULL, atime_ns INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    ctime_ns INTEGER NOT NULL, btime_ns INTEGER NOT NULL, object INTEGER NOT NULL,
    symlink_target BLOB NOT NULL,
    since INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE inode_history (
    id INTEGER NOT NULL, until INTEGER NOT NULL, mode INTEGER NOT NULL, uid INTEGER NOT NULL,
    gid INTEGER NOT NULL,
    nlink INTEGER NOT NULL, rdev INTEGER NOT NULL, size_bytes INTEGER NOT NULL,
    atime_ns INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL, ctime_ns INTEGER NOT NULL, btime_ns INTEGER NOT NULL,
    object INTEGER NOT NULL,
    symlink_target BLOB NOT NULL, since INTEGER NOT NULL, PRIMARY KEY (id, until)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE dirent (
    parent INTEGER NOT NULL, name BLOB NOT NULL, inode INTEGER NOT NULL, since INTEGER NOT NULL,
    PRIMARY KEY (parent, name)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX dirent_inode ON dirent (inode);
  CREATE TABLE dirent_history (
    parent INTEGER NOT NULL, name BLOB NOT NULL, until INTEGER NOT NULL, inode INTEGER NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (parent, name, until)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX dirent_history_inode ON dirent_history (inode);

  CREATE TABLE xattr (
    inode INTEGER NOT NULL, name BLOB NOT NULL, value BLOB NOT NULL, since INTEGER NOT NULL,
    PRIMARY KEY (inode, name)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE xattr_history (
    inode INTEGER NOT NULL, name BLOB NOT NULL, until INTEGER NOT NULL, value BLOB NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (inode, name, until)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE change (
    seq_no INTEGER NOT NULL, ordinal INTEGER NOT NULL, kind INTEGER NOT NULL, path BLOB NOT NULL,
    old_path BLOB NOT NULL,
    inode INTEGER NOT NULL, partition INTEGER NOT NULL, group_name BLOB NOT NULL,
    is_directory INTEGER NOT NULL,
    PRIMARY KEY (seq_no, ordinal)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE group_head (
    partition INTEGER NOT NULL, group_name BLOB NOT NULL, content_seq_no INTEGER NOT NULL,
    content_change INTEGER NOT NULL, attribute_seq_no INTEGER NOT NULL, PRIMARY KEY (partition,
    group_name)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE directory_head (
    directory INTEGER PRIMARY KEY, entries_seq_no INTEGER NOT NULL, subtree_seq_no INTEGER NOT NULL,
    place_seq_no INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE object (id INTEGER PRIMARY KEY, size_bytes INTEGER NOT NULL, checksum BLOB) STRICT;

  CREATE TABLE term (term INTEGER PRIMARY KEY) STRICT;
  CREATE TABLE config (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE next_id (kind INTEGER PRIMARY KEY, id INTEGER NOT NULL) STRICT;
  INSERT INTO next_id (kind, id) VALUES (1, 2), (2, 1), (3, 1);
)sql";

constexpr char kCreateStaging[] = R"sql(
  CREATE TABLE session (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, base INTEGER NOT NULL, uid INTEGER NOT NULL,
    gid INTEGER NOT NULL,
    created_ns INTEGER NOT NULL, boot_id TEXT NOT NULL, message TEXT NOT NULL, token TEXT,
    metadata BLOB NOT NULL,
    extra TEXT NOT NULL
  ) STRICT;
  CREATE TABLE staged_inode (
    session INTEGER NOT NULL, id INTEGER NOT NULL, mode INTEGER NOT NULL, uid INTEGER NOT NULL,
    gid INTEGER NOT NULL,
    nlink INTEGER NOT NULL, rdev INTEGER NOT NULL, size_bytes INTEGER NOT NULL,
    atime_ns INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL, ctime_ns INTEGER NOT NULL, btime_ns INTEGER NOT NULL,
    object INTEGER NOT NULL,
    symlink_target BLOB NOT NULL, since INTEGER NOT NULL, flags INTEGER NOT NULL,
    PRIMARY KEY (session, id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE staged_dirent (
    session INTEGER NOT NULL, parent INTEGER NOT NULL, name BLOB NOT NULL, inode INTEGER NOT NULL,
    PRIMARY KEY (session, parent, name)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE staged_xattr (
    session INTEGER NOT NULL, inode INTEGER NOT NULL, name BLOB NOT NULL, value BLOB,
    PRIMARY KEY (session, inode, name)
  ) STRICT, WITHOUT ROWID;
)sql";

constexpr char kAddStagedReads[] = R"sql(
  CREATE TABLE staged_read (
    session INTEGER NOT NULL, kind INTEGER NOT NULL, inode INTEGER NOT NULL, name BLOB NOT NULL,
    PRIMARY KEY (session, kind, inode, name)
  ) STRICT, WITHOUT ROWID;
)sql";

constexpr char kAddTags[] = R"sql(
  CREATE TABLE tag (
    name BLOB PRIMARY KEY, seq_no INTEGER NOT NULL, time_ns INTEGER NOT NULL, uid INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX tag_seq_no ON tag (seq_no);
)sql";

// One row, see kCountDurableWrite.
constexpr char kAddDurableWrites[] = R"sql(
  CREATE TABLE durable_write (id INTEGER PRIMARY KEY CHECK (id = 1), count INTEGER NOT NULL) STRICT;
  INSERT INTO durable_write (id, count) VALUES (1, 0);
)sql";

// Appended, never edited: a file out there has seen the ones before. The identity says how many
// there are.
constexpr Sql kCatalogMigrations[] = {Sql(kCreateCatalog), Sql(kAddTags)};
constexpr char kIdentifyCatalog[] =
    "PRAGMA application_id = 0x434D4653; PRAGMA user_version = 2";  // "CMFS"
constexpr Sql kStagingMigrations[] = {Sql(kCreateStaging), Sql(kAddStagedReads),
                                      Sql(kAddDurableWrites)};
constexpr char kIdentifyStaging[] =
    "PRAGMA application_id = 0x434D4647; PRAGMA user_version = 3";  // "CMFG"

// synchronous is set beside. mmap_size stays 0: an I/O error on a mapped page is a SIGBUS, not an
// errno. The log is moved into the file by the commit that fills 4,000 pages (16 MB), which then
// waits for two more fsyncs; a smaller limit would make more commits wait, a larger one slows
// readers, who search the log first. A log that grew larger is cut back. secure_delete is the
// distribution's default and writes zeros over every row that moves to history.
constexpr char kConfigure[] = R"sql(
  PRAGMA foreign_keys = OFF;
  PRAGMA trusted_schema = OFF;
  PRAGMA cell_size_check = ON;
  PRAGMA secure_delete = OFF;
  PRAGMA temp_store = MEMORY;
  PRAGMA mmap_size = 0;
  PRAGMA cache_size = -16384;
  PRAGMA wal_autocheckpoint = 4000;
  PRAGMA journal_size_limit = 67108864;
)sql";

/// EPROTO unless the file is ours, or empty, and not newer than this program.
Result<std::size_t> check_identity(Connection& connection, const std::filesystem::path& path,
                                   const Schema& schema) {
  const auto application_id = TRY(connection.query_integer("PRAGMA application_id"));
  const auto version = TRY(connection.query_integer("PRAGMA user_version"));
  const auto objects = TRY(connection.query_integer("SELECT COUNT(*) FROM sqlite_schema"));
  if (application_id == 0 && version == 0 && objects == 0) return 0U;
  if (application_id != schema.application_id || version <= 0) {
    return fail(EPROTO, fmt::format("{} is another program's database, not a commitfs {}",
                                    path.string(), schema.what));
  }
  if (static_cast<std::size_t>(version) > schema.migrations.size()) {
    return fail(
        EPROTO,
        fmt::format(
            "{} was written by a newer commitfs (its {} is version {}, this program knows {})",
            path.string(), schema.what, version, schema.migrations.size()));
  }
  return static_cast<std::size_t>(version);
}

Result<void> migrate(Connection& connection, const std::filesystem::path& path,
                     const Schema& schema) {
  auto transaction = TRY(Transaction::begin(connection));
  // Asked again inside: another process may have been faster.
  const auto version = TRY(check_identity(connection, path, schema));
  for (const auto& migration : schema.migrations.subspan(version))
    TRY(connection.execute(migration));
  TRY(connection.execute(schema.set_identity));
  return transaction.commit();
}

Result<void> use_write_ahead_log(Connection& connection) {
  auto mode = TRY(connection.use("PRAGMA journal_mode = WAL"));
  if (TRY(mode.step()) && mode.get<std::string>(0) == "wal") return {};
  return fail(EOPNOTSUPP, "the file system cannot hold SQLite's write-ahead log");
}

}  // namespace

const Schema& catalog_schema() {
  static constexpr Schema schema{"catalog", 0x434D4653, kCatalogMigrations, Sql(kIdentifyCatalog)};
  return schema;
}

const Schema& staging_schema() {
  static constexpr Schema schema{"staging journal", 0x434D4647, kStagingMigrations,
                                 Sql(kIdentifyStaging)};
  return schema;
}

Result<void> set_synchronous(Connection& connection, Synchronous synchronous) {
  return synchronous == Synchronous::full ? connection.execute("PRAGMA synchronous = FULL")
                                          : connection.execute("PRAGMA synchronous = NORMAL");
}

Result<std::unique_ptr<Connection>> open_writer(const std::filesystem::path& path,
                                                const Schema& schema, Synchronous synchronous,
                                                std::chrono::milliseconds lock_limit) {
  auto connection = TRY(Connection::open(path, lock_limit));
  // Until the file is known to be ours nothing is written, not even a log moved into it.
  connection->set_checkpoint_on_close(false);
  const auto version = TRY(check_identity(*connection, path, schema));
  connection->set_checkpoint_on_close(true);

  TRY(connection->execute(kConfigure));
  TRY(use_write_ahead_log(*connection));
  TRY(set_synchronous(*connection, Synchronous::full));
  if (version < schema.migrations.size()) TRY(migrate(*connection, path, schema));
  TRY(set_synchronous(*connection, synchronous));
  return connection;
}

Result<std::size_t> schema_version(const std::filesystem::path& path, const Schema& schema,
                                   std::chrono::milliseconds lock_limit) {
  const auto connection = TRY(Connection::open(path, lock_limit));
  connection->set_checkpoint_on_close(false);
  return check_identity(*connection, path, schema);
}

Result<std::unique_ptr<Connection>> open_reader(const std::filesystem::path& path,
                                                std::chrono::milliseconds lock_limit) {
  auto connection = TRY(Connection::open(path, lock_limit));
  TRY(connection->execute(kConfigure));
  TRY(connection->execute("PRAGMA query_only = ON"));
  return connection;
}

}  // namespace commitfs::sqlite
