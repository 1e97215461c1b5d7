// What a change of the configuration means to sessions: row 35 of the conflict table, and row 17.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "tests/support/result.h"
#include "tests/support/txn_table.h"
#include "txn/config/config_store.h"

namespace commitfs::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ConfigCommit : public ::testing::Test {
 protected:
  void configure(const std::string& text) {
    ASSERT_OK(table.context.config->replace(text, {.uid = 0, .gid = 0}));
  }
  std::vector<ConflictCategory> categories(const CommitOutcome& outcome) {
    std::vector<ConflictCategory> found;
    if (outcome.report == nullptr) return found;
    for (const Conflict& conflict : outcome.report->conflicts)
      found.push_back(conflict.category);
    return found;
  }
  TxnTable table;
};

TEST_F(ConfigCommit, AChangeOfRulesRefusesWhoBeganBefore) {
  Writer me = table.begin("me");
  me.write("a", "1");
  configure("group = hudi");

  const CommitOutcome outcome = table.commit(me);

  EXPECT_EQ(outcome.error, ECANCELED);
  ASSERT_THAT(categories(outcome), ElementsAre(ConflictCategory::config));
  const Conflict& conflict = outcome.report->conflicts[0];
  EXPECT_EQ(conflict.path, ".commitfs/config");
  EXPECT_EQ(conflict.winner.operation, "config");
  EXPECT_EQ(conflict.winner.message, "group = hudi");
}

TEST_F(ConfigCommit, WhoBeganAfterwardsLands) {
  configure("group = hudi");
  Writer me = table.begin("me");
  table.commit_ok(me.write("a", "1"));
}

TEST_F(ConfigCommit, WhoWroteNothingIsNotRefused) {
  Writer me = table.begin("me");
  configure("isolation = serializable");
  EXPECT_EQ(table.commit(me).error, 0);
}

TEST_F(ConfigCommit, EveryLaterCommitOfAnOldSessionIsRefused) {
  Writer me = table.begin("me");
  me.write("a", "1");
  configure("isolation = serializable");
  table.setup([](Writer& w) { w.write("b", "2"); });
  EXPECT_EQ(table.commit(me).error, ECANCELED);
}

TEST_F(ConfigCommit, TheBaseOfAnOldSessionWithChangesCannotMove) {
  Writer me = table.begin("me");
  me.write("a", "1");
  configure("group = hudi");
  EXPECT_ERRNO(table.pipeline->move_base_to_head(me.session()), ECANCELED);
}

TEST_F(ConfigCommit, KeysThatDecideNoValidityRefuseNobodyAndMakeNoVersion) {
  Writer me = table.begin("me");
  me.write("a", "1");
  const SeqNo head = table.head_seq_no();
  configure("identical = conflict\nempty = record\nignore = _SUCCESS\nprefer_writer = on");
  EXPECT_EQ(table.head_seq_no(), head);
  table.commit_ok(me);
}

TEST_F(ConfigCommit, WritingTheSameAgainChangesNothing) {
  configure("group = hudi");
  Writer me = table.begin("me");
  me.write("a", "1");
  configure("# the same\n  group   =   hudi\n");
  table.commit_ok(me);
}

TEST_F(ConfigCommit, TheConfigurationOfTheMomentDecides) {
  Writer me = table.begin("me");
  me.write("a", "same");
  table.setup([](Writer& w) { w.write("a", "same"); });
  configure("identical = conflict");
  EXPECT_THAT(categories(table.commit(me)), ElementsAre(ConflictCategory::exists));
  configure("");
  EXPECT_THAT(categories(table.commit(me)), IsEmpty());
}

TEST_F(ConfigCommit, NothingToCommitMakesNoVersion) {
  Writer me = table.begin("me");
  const SeqNo head = table.head_seq_no();
  const CommitOutcome outcome = table.commit(me);
  EXPECT_EQ(outcome.error, 0);
  EXPECT_FALSE(outcome.made_version);
  EXPECT_EQ(table.head_seq_no(), head);
}

TEST_F(ConfigCommit, NothingToCommitMakesAVersionWhereThatIsRecorded) {
  configure("empty = record");
  Writer me = table.begin("me");
  const SeqNo head = table.head_seq_no();
  const CommitOutcome outcome = table.commit(me);
  EXPECT_EQ(outcome.error, 0);
  EXPECT_TRUE(outcome.made_version);
  EXPECT_EQ(raw(table.head_seq_no()), raw(head) + 1);
  EXPECT_THAT(*table.context.catalog->list_changes(table.head_seq_no()), IsEmpty());
}

TEST_F(ConfigCommit, ACommitWaitsForOpenFilesAsLongAsConfigured) {
  configure("commit.open_wait_ms = 1");
  Writer me = table.begin("me");
  me.write("a", "1");
  const InodeId inode = me.find("a");
  ASSERT_OK(tree::open_for_writing(me.session(), inode, false));
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(table.commit(me).error, EBUSY);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::milliseconds(450));
  tree::release_writer(me.session(), inode);
}

}  // namespace
}  // namespace commitfs::testing
