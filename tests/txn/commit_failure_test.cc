#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <new>
#include <vector>

#include "meta/base/fault.h"
#include "tests/support/txn_table.h"
#include "txn/commit_job.h"

// Commits that something happens to which no program could cause.

namespace commitfs::testing {
namespace {

class CommitFailure : public ::testing::Test {
 protected:
  void TearDown() override { fault::set_handler({}); }
  TxnTable table;
};

TEST_F(CommitFailure, AnExceptionRefusesItsJobAndLeavesTheSessionOpen) {
  Writer writer = table.begin();
  writer.write("f", "1");
  const SeqNo before = table.head_seq_no();
  for (const char* point :
       {"commit.before_seal", "commit.before_apply", "commit.before_catalog_commit"}) {
    fault::set_handler([&](std::string_view name) -> Result<void> {
      if (name == point) throw std::bad_alloc();
      return {};
    });
    EXPECT_EQ(table.commit(writer).error, ENOMEM) << point;
    EXPECT_EQ(writer.session().state(), SessionState::open) << point;
    EXPECT_EQ(writer.session().last_error(), ENOMEM) << point;
    EXPECT_EQ(table.head_seq_no(), before) << point;
  }
  fault::set_handler({});
  table.commit_ok(writer);
  EXPECT_EQ(table.head(), (Contents{{"f", "1"}}));
}

TEST_F(CommitFailure, AnExceptionOfACallbackEndsNothingElse) {
  Writer writer = table.begin(), other = table.begin();
  writer.write("f", "1");
  other.write("g", "1");
  table.pipeline->submit(writer.shared(), "w", {},
                         [](const CommitOutcome&) { throw std::bad_alloc(); });
  table.commit_ok(other);
  table.pipeline.reset();  // waits for both
  EXPECT_EQ(table.head(), (Contents{{"f", "1"}, {"g", "1"}}));
}

TEST_F(CommitFailure, WhatCannotBeUndoneAloneIsRefusedWithItsWholeBatch) {
  std::vector<Writer> writers;
  std::vector<std::unique_ptr<CommitJob>> jobs;
  for (const char* name : {"a", "b", "c"}) {
    writers.push_back(table.begin(name));
    writers.back().write(name, "1");
    jobs.push_back(std::make_unique<CommitJob>());
    jobs.back()->session = writers.back().shared();
    ASSERT_FALSE(prepare_commit(*jobs.back(), table.context, {}));
  }
  int applied = 0;
  fault::set_handler([&](std::string_view name) -> Result<void> {
    if (name == "commit.before_apply" && ++applied == 2)
      return fail(EIO, "the second of the batch");
    if (name == "commit.before_undo") return fail(EIO, "injected");
    return {};
  });
  const SeqNo before = table.head_seq_no();
  const CommitBatch batch =
      commit_batch(jobs, table.context, *table.context.catalog->current_term());
  fault::set_handler({});

  EXPECT_EQ(batch.ended.size(), 3U);
  for (const CommitBatch::Landed& ended : batch.ended)
    EXPECT_EQ(ended.outcome.error, EIO);
  for (Writer& writer : writers)
    EXPECT_EQ(writer.session().state(), SessionState::open);
  EXPECT_EQ(table.head_seq_no(), before);
  for (Writer& writer : writers)
    table.commit_ok(writer);
  EXPECT_EQ(table.head(), (Contents{{"a", "1"}, {"b", "1"}, {"c", "1"}}));
}

}  // namespace
}  // namespace commitfs::testing
