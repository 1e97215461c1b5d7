#include "meta/sqlite/database.h"

#include <sqlite3.h>

#include "tests/support/result.h"
#include "tests/support/temporary_directory.h"

namespace commitfs::sqlite {
namespace {

using ::commitfs::test::must;

constexpr std::chrono::milliseconds kLockLimit{1};

class DatabaseTest : public ::testing::Test {
 protected:
  DatabaseTest() { must(connection_->execute("CREATE TABLE t (a ANY UNIQUE) STRICT")); }

  test::TemporaryDirectory directory_;
  std::unique_ptr<Connection> connection_ = must(Connection::open(directory_ / "db", kLockLimit));
};

TEST_F(DatabaseTest, ValuesComeBackByteForByte) {
  const std::string binary("\0'\xFF", 3);
  auto row =
      must(connection_->use("SELECT ?1, ?2, ?3, ?4, ?5, typeof(?5), typeof(?1)", binary, Text{""},
                            0xFFFF'FFFF'FFFF'FFFFU, std::optional<Text>(), std::string_view()));
  ASSERT_TRUE(must(row.step()));
  EXPECT_EQ(row.get<std::string>(0), binary);
  EXPECT_EQ(row.get<std::string>(1), "");
  EXPECT_EQ(row.get<std::uint64_t>(2), 0xFFFF'FFFF'FFFF'FFFFU);
  EXPECT_TRUE(row.is_null(3));
  EXPECT_FALSE(row.is_null(4));
  EXPECT_EQ(row.get<std::string>(5), "blob");
  EXPECT_EQ(row.get<std::string>(6), "blob");
}

TEST_F(DatabaseTest, StatementIsFreshAtEveryUse) {
  static constexpr char kEcho[] = "SELECT ?1";
  EXPECT_TRUE(must(must(connection_->use(kEcho, 1)).step()));
  auto again = must(connection_->use(kEcho, std::optional<int>()));
  ASSERT_TRUE(must(again.step()));
  EXPECT_TRUE(again.is_null(0));
}

TEST_F(DatabaseTest, BrokenConstraintIsEexist) {
  must(connection_->run("INSERT INTO t VALUES (1)"));
  EXPECT_ERRNO(connection_->run("INSERT INTO t VALUES (1)"), EEXIST);
}

TEST_F(DatabaseTest, LockHeldByAnotherIsEagain) {
  const auto other = must(Connection::open(directory_ / "db", kLockLimit));
  const auto transaction = must(Transaction::begin(*other));
  EXPECT_ERRNO(Transaction::begin(*connection_), EAGAIN);
}

TEST_F(DatabaseTest, FullFileIsEnospcAndTheTransactionIsUndone) {
  must(connection_->execute("PRAGMA max_page_count = 10"));
  {
    auto transaction = must(Transaction::begin(*connection_));
    must(connection_->run("INSERT INTO t VALUES (1)"));
    EXPECT_ERRNO(connection_->run("INSERT INTO t VALUES (zeroblob(100000))"), ENOSPC);
  }
  EXPECT_FALSE(connection_->in_transaction());
  EXPECT_EQ(must(connection_->query_integer("SELECT COUNT(*) FROM t")), 0);
}

TEST_F(DatabaseTest, TransactionIsUndoneUnlessCommitted) {
  {
    const auto transaction = must(Transaction::begin(*connection_));
    must(connection_->run("INSERT INTO t VALUES (1)"));
  }
  EXPECT_EQ(must(connection_->query_integer("SELECT COUNT(*) FROM t")), 0);

  auto transaction = must(Transaction::begin(*connection_));
  must(connection_->run("INSERT INTO t VALUES (1)"));
  must(transaction.commit());
  EXPECT_EQ(must(connection_->query_integer("SELECT COUNT(*) FROM t")), 1);
}

TEST_F(DatabaseTest, WrongSqlIsEio) {
  EXPECT_ERRNO(connection_->run("SELECT nothing"), EIO);
}

}  // namespace
}  // namespace commitfs::sqlite
