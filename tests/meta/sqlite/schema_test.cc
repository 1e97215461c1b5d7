#include "meta/sqlite/schema.h"

#include <gmock/gmock.h>

#include <fstream>
#include <iterator>

#include "meta/sqlite/sqlite_catalog.h"
#include "meta/sqlite/sqlite_staging.h"
#include "tests/support/result.h"
#include "tests/support/temporary_directory.h"

namespace commitfs::sqlite {
namespace {

using ::commitfs::test::must;
using ::testing::HasSubstr;

constexpr std::chrono::milliseconds kLockLimit{100};

class SchemaTest : public ::testing::Test {
 protected:
  /// Runs SQL on the file as any other program would.
  void execute(Sql sql) { must(must(Connection::open(path_, kLockLimit))->execute(sql)); }
  /// The same, and goes away without moving the log into the file, as a program that was killed.
  void execute_and_leave_log(Sql sql) {
    const auto connection = must(Connection::open(path_, kLockLimit));
    connection->set_checkpoint_on_close(false);
    must(connection->execute(sql));
  }
  static std::string bytes(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::string all_bytes() const { return bytes(path_) + "|" + bytes(path_.string() + "-wal"); }

  test::TemporaryDirectory directory_;
  std::filesystem::path path_ = directory_ / "catalog.db";
};

TEST_F(SchemaTest, OwnFileOpensAgain) {
  must(open_sqlite_catalog(path_));
  EXPECT_OK(open_sqlite_catalog(path_));
}

TEST_F(SchemaTest, EmptyFileIsMadeACatalog) {
  std::ofstream(path_).close();
  EXPECT_OK(open_sqlite_catalog(path_));
}

TEST_F(SchemaTest, AskingForAVersionWritesNothing) {
  std::ofstream(path_).close();
  EXPECT_EQ(must(sqlite_catalog_has_version(path_)), false);
  EXPECT_EQ(all_bytes(), "|");
  must(open_sqlite_catalog(path_));
  EXPECT_EQ(must(sqlite_catalog_has_version(path_)), false);
}

TEST_F(SchemaTest, ReadOnlyCatalogTakesNoWrites) {
  must(open_sqlite_catalog(path_));
  const auto catalog = must(open_sqlite_catalog_read_only(path_));
  EXPECT_EQ(must(catalog->head_seq_no()), SeqNo::none);
  EXPECT_ERRNO(catalog->begin(), EROFS);
  EXPECT_ERRNO(catalog->reserve_ids(IdKind::inode, 1), EROFS);
}

TEST_F(SchemaTest, OlderCatalogIsRefusedForReadingAndLeftAsItWas) {
  std::ofstream(path_).close();
  const auto opened = open_sqlite_catalog_read_only(path_);
  ASSERT_ERRNO(opened, EPROTO);
  EXPECT_THAT(opened.error().context, HasSubstr("older commitfs"));
  EXPECT_EQ(all_bytes(), "|");
}

TEST_F(SchemaTest, ForeignDatabaseIsRefusedAndLeftAsItWas) {
  execute("CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1)");
  const auto before = all_bytes();
  const auto opened = open_sqlite_catalog(path_);

  ASSERT_ERRNO(opened, EPROTO);
  EXPECT_THAT(opened.error().context, HasSubstr("another program's database"));
  EXPECT_EQ(all_bytes(), before);
}

TEST_F(SchemaTest, ForeignDatabaseWithALogIsRefusedAndLeftAsItWas) {
  execute_and_leave_log("PRAGMA journal_mode = WAL; CREATE TABLE theirs (a)");
  const auto before = all_bytes();

  EXPECT_ERRNO(open_sqlite_catalog(path_), EPROTO);
  EXPECT_EQ(all_bytes(), before);
}

TEST_F(SchemaTest, NewerVersionIsRefusedWithASentenceAndLeftAsItWas) {
  must(open_sqlite_catalog(path_));
  execute_and_leave_log("PRAGMA user_version = 1000");
  const auto before = all_bytes();
  const auto opened = open_sqlite_catalog(path_);

  ASSERT_ERRNO(opened, EPROTO);
  EXPECT_THAT(opened.error().context, HasSubstr("newer commitfs"));
  EXPECT_THAT(opened.error().context, HasSubstr("1000"));
  EXPECT_EQ(all_bytes(), before);
}

TEST_F(SchemaTest, StagingJournalIsNoCatalog) {
  must(open_sqlite_staging(path_));
  EXPECT_ERRNO(open_sqlite_catalog(path_), EPROTO);
}

TEST_F(SchemaTest, FileThatIsNoDatabaseIsEioAndLeftAsItWas) {
  std::ofstream(path_) << std::string(10'000, 'x');
  const auto before = all_bytes();

  EXPECT_ERRNO(open_sqlite_catalog(path_), EIO);
  EXPECT_EQ(all_bytes(), before);
}

TEST_F(SchemaTest, DirectoryThatIsNotThereIsEnoent) {
  EXPECT_ERRNO(open_sqlite_catalog(directory_ / "missing/catalog.db"), ENOENT);
}

TEST_F(SchemaTest, OlderVersionIsMigrated) {
  static constexpr Sql kFirst[] = {
      Sql("CREATE TABLE a (b INTEGER) STRICT; INSERT INTO a VALUES (7)")};
  static constexpr Sql kBoth[] = {kFirst[0], Sql("CREATE TABLE c (d INTEGER) STRICT")};
  const Schema older{"test", 77, kFirst,
                     Sql("PRAGMA application_id = 77; PRAGMA user_version = 1")};
  const Schema newer{"test", 77, kBoth, Sql("PRAGMA application_id = 77; PRAGMA user_version = 2")};
  must(open_writer(path_, older, Synchronous::full, kLockLimit));
  const auto connection = must(open_writer(path_, newer, Synchronous::full, kLockLimit));

  EXPECT_EQ(must(connection->query_integer("SELECT b FROM a")), 7);
  EXPECT_EQ(must(connection->query_integer("SELECT COUNT(*) FROM c")), 0);
  EXPECT_EQ(must(connection->query_integer("PRAGMA user_version")), 2);
  EXPECT_ERRNO(open_writer(path_, older, Synchronous::full, kLockLimit), EPROTO);
}

TEST_F(SchemaTest, FailedMigrationLeavesTheOldVersion) {
  static constexpr Sql kFirst[] = {Sql("CREATE TABLE a (b INTEGER) STRICT")};
  static constexpr Sql kBroken[] = {kFirst[0],
                                    Sql("CREATE TABLE c (d INTEGER); CREATE TABLE a (b)")};
  const Schema older{"test", 77, kFirst,
                     Sql("PRAGMA application_id = 77; PRAGMA user_version = 1")};
  const Schema broken{"test", 77, kBroken,
                      Sql("PRAGMA application_id = 77; PRAGMA user_version = 2")};
  must(open_writer(path_, older, Synchronous::full, kLockLimit));

  EXPECT_FALSE(open_writer(path_, broken, Synchronous::full, kLockLimit));
  const auto connection = must(open_writer(path_, older, Synchronous::full, kLockLimit));
  EXPECT_EQ(must(connection->query_integer("SELECT COUNT(*) FROM sqlite_schema")), 1);
}

TEST_F(SchemaTest, IdentityCountsTheMigrations) {
  must(open_sqlite_catalog(path_));
  const auto connection = must(Connection::open(path_, kLockLimit));

  EXPECT_EQ(must(connection->query_integer("PRAGMA user_version")),
            static_cast<std::int64_t>(catalog_schema().migrations.size()));
  EXPECT_EQ(must(connection->query_integer("PRAGMA application_id")),
            catalog_schema().application_id);
}

TEST_F(SchemaTest, IdentityOfAStagingJournalCountsItsMigrations) {
  must(open_sqlite_staging(path_));
  const auto connection = must(Connection::open(path_, kLockLimit));

  EXPECT_EQ(must(connection->query_integer("PRAGMA user_version")),
            static_cast<std::int64_t>(staging_schema().migrations.size()));
}

TEST_F(SchemaTest, ReaderCannotWrite) {
  must(open_sqlite_catalog(path_));
  const auto reader = must(open_reader(path_, kLockLimit));
  EXPECT_ERRNO(reader->execute("DELETE FROM version"), EROFS);
}

}  // namespace
}  // namespace commitfs::sqlite
