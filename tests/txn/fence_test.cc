// Two mounts of one table, the lock between them gone.
#include "txn/fence.h"

#include <gmock/gmock.h>

#include <fstream>
#include <future>

#include "tests/support/result.h"
#include "tests/support/temporary_directory.h"
#include "txn/table.h"
#include "txn/tree_operations.h"

namespace commitfs {
namespace {

using test::must;

constexpr Caller kCaller{.uid = 0, .gid = 0, .pid = 1, .umask = 022};

class FenceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    must(Table::init(directory_.path()));
    old_ = must(Table::open(directory_.path()));
    session_ = must(old_->sessions().begin("s", kCaller));
    make("before");
    must(old_->sessions().journal().flush(*session_));
    std::filesystem::remove(directory_.path() / ".commitfs" / "lock");
    new_ = must(Table::open(directory_.path()));
  }
  void make(const std::string& name) {
    must(tree::mkdir(*session_, kCaller, InodeId::root, name, 0755));
  }
  int mkdir_error(const std::string& name) {
    const auto made = tree::mkdir(*session_, kCaller, InodeId::root, name, 0755);
    return made ? 0 : made.error().code;
  }
  static int commit(Table& table) {
    std::promise<int> answer;
    table.sessions().commit("s", "s", kCaller,
                            [&](const CommitOutcome& outcome) { answer.set_value(outcome.error); });
    return answer.get_future().get();
  }

  test::TemporaryDirectory directory_;
  std::unique_ptr<Table> old_;
  std::unique_ptr<Table> new_;
  std::shared_ptr<Session> session_;
};

TEST_F(FenceTest, AnOlderTermCommitsNothingAndItsSessionsTakeNoWrites) {
  EXPECT_EQ(commit(*old_), ESTALE);
  EXPECT_EQ(mkdir_error("after"), EROFS);
  EXPECT_EQ(session_->set_message("m").error().code, EROFS);
  EXPECT_EQ(commit(*new_), 0);
}

TEST_F(FenceTest, AnOlderTermNeitherBeginsNorDiscards) {
  const auto begun = old_->sessions().begin("t", kCaller);
  ASSERT_FALSE(begun);
  EXPECT_EQ(begun.error().code, EROFS);
  EXPECT_EQ(old_->sessions().discard("s", kCaller).error().code, EROFS);
  EXPECT_EQ(commit(*new_), 0);
}

TEST_F(FenceTest, AnOlderTermDoesNotWriteIntoTheJournalOfTheNewOne) {
  make("after");
  const auto flushed = old_->sessions().journal().flush(*session_);
  ASSERT_FALSE(flushed);
  EXPECT_EQ(flushed.error().code, EROFS);
  old_.reset();
  new_.reset();
  const auto third = must(Table::open(directory_.path()));
  const auto session = third->sessions().find("s");
  ASSERT_NE(session, nullptr);
  EXPECT_TRUE(session->lookup(InodeId::root, "before"));
  EXPECT_FALSE(session->lookup(InodeId::root, "after"));
}

}  // namespace
}  // namespace commitfs
