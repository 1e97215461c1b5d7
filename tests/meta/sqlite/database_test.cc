#include "meta/sqlite/database.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sqlite3.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <thread>

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

/// From here on no file can be made by this thread, for want of descriptors.
void make_no_file() {
  const std::array program = {
      sock_filter(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))),
      sock_filter(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_openat, 0, 3)),
      sock_filter(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[2]))),
      sock_filter(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_CREAT, 0, 1)),
      sock_filter(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EMFILE)),
      sock_filter(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW))};
  const sock_fprog filter{.len = program.size(), .filter = const_cast<sock_filter*>(&program[0])};
  ASSERT_EQ(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
  ASSERT_EQ(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), 0);
}

// SQLite tries a second time to open what it could not make, and then it is not there.
TEST_F(DatabaseTest, WhyAFileCannotBeMadeIsTold) {
  std::thread([&] {
    make_no_file();
    const auto opened = Connection::open(directory_ / "new", kLockLimit);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, EMFILE) << opened.error().describe();
  }).join();
}

TEST_F(DatabaseTest, AFileInNoDirectoryIsEnoent) {
  EXPECT_ERRNO(Connection::open(directory_ / "none" / "db", kLockLimit), ENOENT);
}

TEST_F(DatabaseTest, ADirectoryThatIsAFileIsEio) {
  EXPECT_ERRNO(Connection::open(directory_ / "db" / "db", kLockLimit), EIO);
}

}  // namespace
}  // namespace commitfs::sqlite
