// File groups over several versions, and how reports and checks speak of them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "tests/support/result.h"
#include "tests/support/txn_table.h"
#include "txn/config/config_store.h"

namespace commitfs::testing {
namespace {

using ::commitfs::test::is_ok;
using Category = ConflictCategory;

constexpr auto kF1 = "d/f1_t1_001.parquet";
constexpr auto kF1Second = "d/f1_t2_002.parquet";
constexpr auto kF1Third = "d/f1_t3_003.parquet";
constexpr auto kF1Fourth = "d/f1_t4_004.parquet";

void base(Writer& w) {
  w.mkdir("d").mkdir("e").write(kF1, "one").write(kF1Second, "two").write("e/x", "in e");
}
auto write(const std::string& path, const std::string& bytes) {
  return [=](Writer& w) { w.write(path, bytes); };
}
auto rm(const std::string& path) {
  return [=](Writer& w) { w.rm(path); };
}

class GroupHistory : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(table.context.config->replace("group = hudi", {}));
    table.setup(base);
  }
  TxnTable table;
};

TEST_F(GroupHistory, AnUpdateIsSeenBehindALaterDelete) {
  Writer me = table.begin("me");
  me.rm(kF1);
  const SeqNo update = table.setup(write(kF1Third, "w"));
  table.setup(rm(kF1Second));

  const CommitOutcome outcome = table.commit(me);

  ASSERT_EQ(outcome.error, ECANCELED);
  ASSERT_EQ(outcome.report->conflicts.size(), 1U) << outcome.report->to_text();
  EXPECT_EQ(outcome.report->conflicts[0].category, Category::update_delete);
  EXPECT_EQ(outcome.report->conflicts[0].winner.seq_no, update);
}

TEST_F(GroupHistory, WhatLandedBeforeTheBaseIsNoConflict) {
  table.setup(write(kF1Third, "w"));
  Writer me = table.begin("me");
  table.commit_ok(me.write(kF1Fourth, "i"));
}

TEST_F(GroupHistory, TheReportNamesTheGroup) {
  Writer me = table.begin("me");
  me.write(kF1Third, "i");
  table.setup(write(kF1Fourth, "w"));

  const CommitOutcome outcome = table.commit(me);

  ASSERT_EQ(outcome.report->conflicts.size(), 1U);
  EXPECT_EQ(outcome.report->conflicts[0].path, kF1Third);
  EXPECT_EQ(outcome.report->conflicts[0].group, "d/f1");
}

TEST_F(GroupHistory, TheRuleFollowsTheDirectoryToItsNewPlace) {
  ASSERT_OK(table.context.config->replace("group raw = partition", {}));
  table.setup([](Writer& w) { w.mv("e", "raw"); });
  Writer me = table.begin("me");
  me.write("raw/i", "i");
  table.setup(write("raw/w", "w"));

  const CommitOutcome outcome = table.commit(me);

  EXPECT_EQ(outcome.error, ECANCELED);
}

TEST_F(GroupHistory, ACheckSaysTheSameAndChangesNothing) {
  Writer me = table.begin("me");
  me.write(kF1Third, "i");
  table.setup(write(kF1Fourth, "w"));

  const auto report = table.pipeline->check(me.session());

  ASSERT_TRUE(is_ok(report));
  ASSERT_EQ((*report)->conflicts.size(), 1U);
  EXPECT_EQ((*report)->conflicts[0].category, Category::update_update);
}

}  // namespace
}  // namespace commitfs::testing
