// Serializable isolation beyond the rows of the table: when it begins, what lasts, moving the base.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "tests/support/result.h"
#include "tests/support/txn_table.h"

namespace commitfs::testing {
namespace {

using Category = ConflictCategory;
using ::testing::Contains;
using ::testing::Field;

class Serializable : public ::testing::Test {
 protected:
  void SetUp() override {
    table.setup([](Writer& w) { w.mkdir("d").write("d/f", "base").write("g", "base"); });
  }
  void land(const std::function<void(Writer&)>& work) { table.setup(work); }
  /// "CATEGORY path" of the conflicts that a commit of `writer` meets.
  std::vector<std::string> refused(Writer& writer) {
    const CommitOutcome outcome = table.commit(writer);
    EXPECT_EQ(outcome.error, ECANCELED);
    std::vector<std::string> all;
    for (const Conflict& conflict : outcome.report->conflicts) {
      all.push_back(std::string(to_string(conflict.category)) + ' ' + conflict.path);
    }
    return all;
  }
  using Words = std::vector<std::string>;

  TxnTable table;
};

TEST_F(Serializable, WhatWasReadBeforeItWasChosenCounts) {
  Writer me = table.begin();
  me.read("g").serializable().write("mine", "1");
  land([](Writer& w) { w.write("g", "1"); });
  EXPECT_EQ(refused(me), Words{"READ_WRITE g"});
}

TEST_F(Serializable, ItCannotBeChosenWhenTooMuchWasReadUnrecorded) {
  Writer me = table.begin();
  for (std::size_t n = 0; n <= ReadSet::kUndecidedMax; ++n)
    me.look_for(std::to_string(n));
  EXPECT_FALSE(me.session().records_reads());
  EXPECT_THROW(me.serializable(), std::runtime_error);
}

TEST_F(Serializable, ItCannotBeChosenForWhatWasReadInAnOlderBase) {
  Writer me = table.begin();
  me.read("g").write("mine", "1");
  land([](Writer& w) { w.write("g", "1"); });
  ASSERT_TRUE(table.pipeline->move_base_to_head(me.session()));
  EXPECT_ERRNO(me.session().set_isolation(Isolation::serializable), EBUSY);
}

TEST_F(Serializable, ItCanBeChosenInANewBaseWhenNothingWasReadBefore) {
  Writer me = table.begin();
  me.write("mine", "1");
  land([](Writer& w) { w.write("g", "1"); });
  ASSERT_TRUE(table.pipeline->move_base_to_head(me.session()));
  me.serializable().read("g");
  land([](Writer& w) { w.write("g", "2"); });
  EXPECT_EQ(refused(me), Words{"READ_WRITE g"});
}

TEST_F(Serializable, ANameMadeAndRemovedMeanwhileWasThere) {
  Writer me = table.begin();
  me.serializable().look_for("lock").write("mine", "1");
  land([](Writer& w) { w.write("lock", ""); });
  land([](Writer& w) { w.rm("lock"); });
  EXPECT_EQ(refused(me), Words{"PHANTOM lock"});
}

TEST_F(Serializable, ARewriteDoesNotHideTheWriteBeforeIt) {
  Writer me = table.begin();
  me.serializable().ls("d").write("mine", "1");
  land([](Writer& w) { w.write("d/n", "1"); });
  land([](Writer& w) { w.rewrite().rm("d/n").write("d/m", "1"); });
  EXPECT_EQ(refused(me), Words{"PHANTOM d"});
}

TEST_F(Serializable, AReadOfAnEarlierCommitLosesToTheNewest) {
  Writer me = table.begin();
  me.serializable().read("g").write("mine", "1");
  land([](Writer& w) { w.write("g", "1"); });
  land([](Writer& w) { w.write("d/f", "1"); });
  land([](Writer& w) { w.write("g", "2"); });
  const CommitOutcome outcome = table.commit(me);
  ASSERT_EQ(outcome.report->conflicts.size(), 1U);
  EXPECT_EQ(outcome.report->conflicts.front().winner.seq_no, table.head_seq_no());
}

TEST_F(Serializable, TheBaseMovesWhenNothingReadHasChanged) {
  Writer me = table.begin();
  me.serializable().read("g").ls("d").look_for("n").write("mine", "1");
  land([](Writer& w) { w.write("d/f", "1").write("other", "1"); });
  EXPECT_EQ(test::must(table.pipeline->move_base_to_head(me.session())), table.head_seq_no());
  land([](Writer& w) { w.write("d/k", "1"); });
  EXPECT_EQ(refused(me), Words{"PHANTOM d"});
}

TEST_F(Serializable, TheBaseStaysWhenSomethingReadHasChangedThoughNothingWasWritten) {
  Writer me = table.begin();
  me.serializable().read("g");
  const SeqNo base = me.session().base();
  land([](Writer& w) { w.write("g", "1"); });
  const auto moved = table.pipeline->move_base_to_head(me.session());
  ASSERT_FALSE(moved);
  EXPECT_EQ(moved.error().code, ECANCELED);
  EXPECT_EQ(me.session().base(), base);
  EXPECT_EQ(me.session().last_report()->conflicts.at(0).category, Category::read_write);
}

TEST_F(Serializable, MoreConflictsThanTheReportHoldsAreCounted) {
  land([](Writer& w) {
    for (int n = 0; n < 1100; ++n)
      w.write("d/" + std::to_string(n), "");
  });
  Writer me = table.begin();
  me.serializable().write("mine", "1");
  for (int n = 0; n < 1100; ++n)
    me.read("d/" + std::to_string(n));
  land([](Writer& w) {
    for (int n = 0; n < 1100; ++n)
      w.rm("d/" + std::to_string(n));
  });
  const CommitOutcome outcome = table.commit(me);
  EXPECT_EQ(outcome.report->conflicts.size(), ConflictReport::kMaxInFull);
  EXPECT_EQ(outcome.report->omitted, 1100 - ConflictReport::kMaxInFull);
}

TEST_F(Serializable, ReadsAreJournalledAndComeBack) {
  Writer me = table.begin();
  me.serializable().read("g").ls("d").look_for("n").look_for("made").write("made", "1");
  const auto batch = me.session().take_journal();
  ASSERT_TRUE(batch);
  EXPECT_EQ(batch->reads.size(), 3U);
  me.session().return_journal(*batch);
  EXPECT_EQ(me.session().take_journal()->reads.size(), 3U);
  EXPECT_FALSE(me.session().take_journal());
  me.read("d/f");
  EXPECT_EQ(me.session().take_journal()->reads.size(), 1U);
}

TEST_F(Serializable, ReadsOfASnapshotSessionAreNotJournalled) {
  Writer me = table.begin();
  ASSERT_TRUE(me.session().take_journal());
  me.read("g").ls("d").look_for("n");
  EXPECT_FALSE(me.session().take_journal());
}

TEST_F(Serializable, ReadsOfACommittedSessionAreNotRecorded) {
  Writer me = table.begin();
  me.serializable().write("mine", "1");
  table.commit_ok(me);
  EXPECT_FALSE(me.session().records_reads());
}

}  // namespace
}  // namespace commitfs::testing
