#include <gtest/gtest.h>

#include <cerrno>
#include <new>

#include "meta/base/fault.h"
#include "tests/support/txn_table.h"

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

}  // namespace
}  // namespace commitfs::testing
