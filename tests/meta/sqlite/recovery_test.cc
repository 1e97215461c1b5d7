#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "meta/sqlite/sqlite_catalog.h"
#include "tests/support/result.h"
#include "tests/support/temporary_directory.h"

// What is left in the files of a catalog whose program, or machine, went away.

namespace commitfs::sqlite {
namespace {

using ::commitfs::test::must;

class RecoveryTest : public ::testing::Test {
 protected:
  std::filesystem::path path() const { return directory_ / "catalog.db"; }

  static void put(CatalogTransaction& transaction, std::uint64_t seq_no) {
    InodeRecord inode;
    inode.id = InodeId{2};
    inode.size_bytes = seq_no;
    must(transaction.put_inode(SeqNo{seq_no}, inode));
    VersionRecord version;
    version.seq_no = SeqNo{seq_no};
    must(transaction.add_version(version, {}));
  }
  static void commit(Catalog& catalog, std::uint64_t seq_no) {
    const auto transaction = must(catalog.begin());
    put(*transaction, seq_no);
    must(transaction->commit());
  }

  /// Runs `body` in a process of its own that is then killed.
  template <typename Body>
  void run_and_kill(Body body) {
    const pid_t child = ::fork();
    if (child == 0) {
      body();
      ::raise(SIGKILL);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
  }

  test::TemporaryDirectory directory_;
};

TEST_F(RecoveryTest, KilledBeforeCommitIsAsIfItNeverBegan) {
  run_and_kill([&] {
    const auto catalog = must(open_sqlite_catalog(path()));
    commit(*catalog, 1);
    const auto transaction = must(catalog->begin());
    put(*transaction, 2);
    ::raise(SIGKILL);
  });

  const auto catalog = must(open_sqlite_catalog(path()));
  EXPECT_EQ(must(catalog->head_seq_no()), SeqNo{1});
  EXPECT_EQ(must(catalog->find_inode(SeqNo{2}, InodeId{2}))->size_bytes, 1U);
  EXPECT_OK(catalog->begin());
}

TEST_F(RecoveryTest, KilledAfterCommitIsCommitted) {
  run_and_kill([&] {
    const auto catalog = must(open_sqlite_catalog(path()));
    commit(*catalog, 1);
    commit(*catalog, 2);
    ::raise(SIGKILL);
  });

  const auto catalog = must(open_sqlite_catalog(path()));
  EXPECT_EQ(must(catalog->head_seq_no()), SeqNo{2});
  EXPECT_EQ(must(catalog->find_inode(SeqNo{1}, InodeId{2}))->size_bytes, 1U);
}

TEST_F(RecoveryTest, KilledWriterDoesNotGiveIdsAway) {
  run_and_kill([&] {
    const auto catalog = must(open_sqlite_catalog(path()));
    must(catalog->reserve_ids(IdKind::object, 5000));
    ::raise(SIGKILL);
  });

  const auto catalog = must(open_sqlite_catalog(path()));
  EXPECT_GT(must(catalog->reserve_ids(IdKind::object, 1)), 5000U);
}

/// Power lost while the last commit was written: its frames in the log end early.
TEST_F(RecoveryTest, TornLastCommitIsNotThere) {
  const auto wal = path().string() + "-wal";
  std::uintmax_t size_before = 0;
  run_and_kill([&] {
    const auto catalog = must(open_sqlite_catalog(path()));
    commit(*catalog, 1);
    ::raise(SIGKILL);
  });
  size_before = std::filesystem::file_size(wal);
  run_and_kill([&] {
    const auto catalog = must(open_sqlite_catalog(path()));
    commit(*catalog, 2);
    ::raise(SIGKILL);
  });
  ASSERT_GT(std::filesystem::file_size(wal), size_before);
  std::filesystem::resize_file(wal, std::filesystem::file_size(wal) - 1);

  const auto catalog = must(open_sqlite_catalog(path()));
  EXPECT_EQ(must(catalog->head_seq_no()), SeqNo{1});
  EXPECT_EQ(must(catalog->find_inode(SeqNo{2}, InodeId{2}))->size_bytes, 1U);
}

TEST_F(RecoveryTest, SecondProcessWaitsAndThenGetsEagain) {
  const auto catalog = must(open_sqlite_catalog(path()));
  const auto other =
      must(open_sqlite_catalog(path(), {.lock_limit = std::chrono::milliseconds(10)}));
  {
    const auto transaction = must(catalog->begin());
    EXPECT_ERRNO(other->begin(), EAGAIN);
    EXPECT_ERRNO(other->reserve_ids(IdKind::inode, 1), EAGAIN);
  }
  EXPECT_OK(other->begin());
}

TEST_F(RecoveryTest, VersionsOfAnotherProcessAreSeen) {
  const auto catalog = must(open_sqlite_catalog(path()));
  commit(*catalog, 1);
  const auto other = must(open_sqlite_catalog(path()));
  EXPECT_EQ(must(other->head_seq_no()), SeqNo{1});
  commit(*catalog, 2);

  EXPECT_EQ(must(other->head_seq_no()), SeqNo{2});
  EXPECT_EQ(must(other->find_inode(SeqNo{1}, InodeId{2}))->size_bytes, 1U);
}

}  // namespace
}  // namespace commitfs::sqlite
