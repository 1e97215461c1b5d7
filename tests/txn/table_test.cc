#include "txn/table.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <future>

#include "meta/base/fault.h"
#include "meta/sqlite/sqlite_catalog.h"
#include "tests/support/result.h"
#include "tests/support/temporary_directory.h"
#include "txn/tree_operations.h"

namespace commitfs {
namespace {

using test::must;
using ::testing::HasSubstr;

constexpr Caller kCaller{.uid = 0, .gid = 0, .pid = 1, .umask = 022};

class Tables : public ::testing::Test {
 protected:
  void SetUp() override {
    std::ofstream(directory_ / "a") << "adopted";
    must(Table::init(path()));
  }
  const std::filesystem::path& path() const { return directory_.path(); }

  static void write_file(Session& session, std::string_view name, std::string_view bytes) {
    const auto made = must(tree::create(session, kCaller, InodeId::root, name, 0644, true));
    ASSERT_EQ(::pwrite(made.body.get(), bytes.data(), bytes.size(), 0),
              static_cast<ssize_t>(bytes.size()));
    tree::note_written(session, made.attributes.inode.id);
    tree::release_writer(session, made.attributes.inode.id);
  }
  static CommitOutcome commit(Table& table, std::string_view name) {
    std::promise<CommitOutcome> answer;
    table.sessions().commit(name, name, kCaller,
                            [&](const CommitOutcome& outcome) { answer.set_value(outcome); });
    return answer.get_future().get();
  }
  /// Runs `work` in a child that then dies without a goodbye.
  template <typename Work>
  static void run_and_die(Work work) {
    const pid_t child = ::fork();
    if (child == 0) {
      work();
      ::raise(SIGKILL);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << "exit " << WEXITSTATUS(status);
  }

  test::TemporaryDirectory directory_;
};

TEST_F(Tables, EachOpenRaisesTheTerm) {
  const Term first = must(Table::open(path()))->term();
  const Term second = must(Table::open(path()))->term();
  EXPECT_EQ(raw(second), raw(first) + 1);
  EXPECT_EQ(raw(must(must(Table::open_catalog(path()))->current_term())), raw(second));
}

TEST_F(Tables, TheCatalogOpenedForReadingTakesNoWrites) {
  const auto held = must(Table::open(path()));
  EXPECT_ERRNO(must(Table::open_catalog(path()))->begin(), EROFS);
}

TEST_F(Tables, TheMarkOfAnAdoptionGoesForGoodBeforeBodiesCanBeTheOnlyCopy) {
  const auto mark = path() / ".commitfs/adopting";
  std::ofstream(mark).close();
  fault::set_handler([&](std::string_view point) -> Result<void> {
    if (point == "posix.fsync" && !std::filesystem::exists(mark))
      return fail(EIO, "the sync of the directory");
    return {};
  });
  EXPECT_ERRNO(Table::open(path()), EIO);
  fault::set_handler({});
  EXPECT_OK(Table::open(path()));
}

TEST_F(Tables, OpenedTwiceIsEbusyWithTheHoldersPid) {
  const auto held = must(Table::open(path()));
  const auto refused = Table::open(path());
  EXPECT_ERRNO(refused, EBUSY);
  EXPECT_EQ(refused.error().context, "table " + path().string() +
                                         " is mounted for committing by process " +
                                         std::to_string(::getpid()));
  EXPECT_ERRNO(Table::init(path()), EEXIST);
  EXPECT_OK(Table::open_catalog(path()));
}

TEST_F(Tables, WhatIsNoTableIsEnoentWithASentence) {
  const test::TemporaryDirectory plain;
  const auto refused = Table::open(plain.path());
  EXPECT_ERRNO(refused, ENOENT);
  EXPECT_THAT(refused.error().context, HasSubstr("is not a table"));
  EXPECT_ERRNO(Table::open(plain / "missing"), ENOENT);
  EXPECT_ERRNO(Table::open(path() / "a"), ENOTDIR);
  EXPECT_ERRNO(Table::open_catalog(plain.path()), ENOENT);
  EXPECT_FALSE(std::filesystem::exists(plain / ".commitfs"));
}

TEST_F(Tables, AnUnfinishedAdoptionCannotBeOpened) {
  for (const char* suffix : {"", "-wal", "-shm"})
    std::filesystem::remove(path() / (std::string(".commitfs/catalog.db") + suffix));
  must(open_sqlite_catalog(path() / ".commitfs/catalog.db"));
  EXPECT_FALSE(Table::is_table(path()));
  const auto refused = Table::open(path());
  EXPECT_ERRNO(refused, ENOENT);
  EXPECT_THAT(refused.error().context, HasSubstr("run it again"));
}

TEST_F(Tables, ResolvesVersions) {
  const auto table = must(Table::open(path()));
  EXPECT_EQ(must(table->resolve_version("latest")), SeqNo{1});
  EXPECT_EQ(must(table->resolve_version("2")), std::nullopt);
}

TEST_F(Tables, CommitsLandInTheCatalogBesideTheAdoptedFiles) {
  const auto table = must(Table::open(path()));
  write_file(*must(table->sessions().begin("s", kCaller)), "b", "new");
  EXPECT_EQ(commit(*table, "s").version, SeqNo{2});
  const auto catalog = must(Table::open_catalog(path()));
  const VersionRecord head = must(catalog->head());
  EXPECT_EQ(head.term, table->term());
  EXPECT_TRUE(must(catalog->find_child(SeqNo{2}, InodeId::root, "a")));
  EXPECT_TRUE(must(catalog->find_child(SeqNo{2}, InodeId::root, "b")));
}

TEST_F(Tables, ASessionOutlivesTheDaemonsSuddenDeath) {
  run_and_die([&] {
    auto table = must(Table::open(path()));
    const auto session = must(table->sessions().begin("s", kCaller));
    write_file(*session, "b", "staged");
    must(table->sessions().journal().flush(*session));
    table.release();  // NOLINT(bugprone-unused-return-value): dies with the process
  });
  const auto table = must(Table::open(path()));
  EXPECT_EQ(table->recovered_sessions(), 1U);
  const auto session = table->sessions().find("s");
  ASSERT_NE(session, nullptr);
  EXPECT_EQ(must(session->lookup(InodeId::root, "b")).inode.size_bytes, 6U);
  EXPECT_EQ(commit(*table, "s").version, SeqNo{2});
}

TEST_F(Tables, ACommitOutlivesTheDaemonsSuddenDeathAndIsNoSessionAnyMore) {
  run_and_die([&] {
    auto table = must(Table::open(path()));
    const auto session = must(table->sessions().begin("s", kCaller));
    write_file(*session, "b", "staged");
    must(table->sessions().journal().flush(*session));
    if (commit(*table, "s").error != 0) ::_exit(1);
    table.release();  // NOLINT(bugprone-unused-return-value): dies with the process
  });
  const auto table = must(Table::open(path()));
  EXPECT_EQ(table->recovered_sessions(), 0U);
  EXPECT_NE(must(table->sessions().receipt("s")), nullptr);
  EXPECT_EQ(must(table->resolve_version("latest")), SeqNo{2});
}

TEST_F(Tables, SessionsHandedOutStayReadableAfterwards) {
  auto table = must(Table::open(path()));
  const auto session = must(table->sessions().begin("s", kCaller));
  write_file(*session, "b", "x");
  const auto tree = make_snapshot_tree(table->context().catalog, SeqNo{1});
  table.reset();
  EXPECT_TRUE(session->lookup(InodeId::root, "b"));
  EXPECT_TRUE(tree->lookup(InodeId::root, "a"));
  EXPECT_OK(Table::open(path()));
}

}  // namespace
}  // namespace commitfs
