#include "txn/commit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cerrno>
#include <stdexcept>

#include "tests/support/result.h"
#include "tests/support/txn_table.h"
#include "txn/status.h"

namespace commitfs::testing {
namespace {

using test::must;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class RequireCommit : public ::testing::Test {
 protected:
  RequireCommit() {
    table.setup([](Writer& w) { w.write("a", "1").write("g", "1"); });
  }
  Writer begin_with(const std::string& condition) {
    Writer writer = table.begin();
    must(writer.session().set_require(condition));
    return writer;
  }
  /// What check says, which is what the commit says too.
  std::shared_ptr<const ConflictReport> refused(Writer& writer) {
    const auto checked = must(table.pipeline->check(writer.session()));
    const SeqNo head = table.head_seq_no();
    const CommitOutcome outcome = table.commit(writer);
    EXPECT_EQ(outcome.error, EPERM);
    if (outcome.report == nullptr) throw std::runtime_error("no report");
    EXPECT_EQ(table.head_seq_no(), head);
    EXPECT_EQ(writer.session().state(), SessionState::open);
    EXPECT_EQ(writer.session().last_report(), outcome.report);
    EXPECT_EQ(checked->to_text(), outcome.report->to_text());
    EXPECT_EQ(checked->to_json(), outcome.report->to_json());
    return outcome.report;
  }

  TxnTable table;
};

TEST_F(RequireCommit, ATrueConditionLetsTheCommitLand) {
  Writer writer = begin_with("attribute_not_exists('done') AND size('a') < 1000");
  writer.write("done", "");
  EXPECT_FALSE(must(table.pipeline->check(writer.session()))->refused());
  table.commit_ok(writer);
  EXPECT_EQ(table.head(), (Contents{{"a", "1"}, {"done", ""}, {"g", "1"}}));
}

TEST_F(RequireCommit, AFalseOneRefusesItAndSaysWhichPart) {
  Writer writer = begin_with("attribute_exists('a') AND size('a') > 1000");
  writer.write("done", "");
  const auto report = refused(writer);
  ASSERT_TRUE(report->condition);
  EXPECT_THAT(report->condition->parts,
              ElementsAre(condition::FalsePart{"size('a') > 1000", "> 1000", "1"}));
  EXPECT_THAT(report->to_text(),
              AllOf(HasSubstr("refused: the condition in 'require' is false; base 2, head 2\n"),
                    HasSubstr("  attribute_exists('a') AND size('a') > 1000\n"),
                    HasSubstr("\n  FALSE  size('a') > 1000\n    expected   > 1000\n"
                              "    actual     1\n")));
  const auto json = nlohmann::json::parse(report->to_json());
  EXPECT_EQ(json["result"], "refused");
  EXPECT_EQ(json["condition"]["text"], "attribute_exists('a') AND size('a') > 1000");
  EXPECT_EQ(json["condition"]["failed"],
            nlohmann::json::parse(
                R"([{"part": "size('a') > 1000", "expected": "> 1000", "actual": "1"}])"));
}

TEST_F(RequireCommit, ItIsHeldAgainstTheHeadNotTheBase) {
  Writer writer = begin_with("content('g') = '1'");
  writer.write("n", "");
  table.setup([](Writer& w) { w.write("g", "2"); });
  EXPECT_EQ(refused(writer)->head, SeqNo{3});
  table.setup([](Writer& w) { w.write("g", "1"); });
  table.commit_ok(writer);
}

TEST_F(RequireCommit, ItDoesNotSeeWhatItsOwnSessionWouldWrite) {
  Writer writer = begin_with("attribute_not_exists('done')");
  writer.write("done", "");
  table.commit_ok(writer);
  Writer again = begin_with("attribute_not_exists('done')");
  again.write("done", "again");
  EXPECT_THAT(refused(again)->to_text(), HasSubstr("it exists, last changed in version 3"));
}

TEST_F(RequireCommit, ItComesBeforeValidation) {
  Writer writer = begin_with("seq_no('g') = 2");
  writer.write("g", "mine");
  table.setup([](Writer& w) { w.write("g", "theirs"); });
  EXPECT_TRUE(refused(writer)->conflicts.empty());
  must(writer.session().set_require("seq_no('g') = 3"));
  EXPECT_EQ(table.commit(writer).error, ECANCELED);
}

TEST_F(RequireCommit, TheTokenComesBeforeIt) {
  Writer first = table.begin(), second = begin_with("1 = 2");
  must(first.write("n", "").session().set_token("t"));
  must(second.write("m", "").session().set_token("t"));
  const SeqNo version = table.commit_ok(first);
  EXPECT_FALSE(must(table.pipeline->check(second.session()))->refused());
  EXPECT_EQ(table.commit(second).version, version);
  EXPECT_EQ(table.head_seq_no(), version);
}

TEST_F(RequireCommit, WithoutChangesItIsAskedAndMakesNoVersion) {
  Writer fine = begin_with("size('a') = 1");
  const SeqNo head = table.head_seq_no();
  const CommitOutcome outcome = table.commit(fine);
  EXPECT_EQ(outcome.error, 0);
  EXPECT_FALSE(outcome.made_version);
  EXPECT_EQ(outcome.version, head);
  EXPECT_EQ(table.head_seq_no(), head);
  EXPECT_EQ(fine.session().state(), SessionState::committed);
  Writer wrong = begin_with("size('a') = 2");
  refused(wrong);
}

TEST_F(RequireCommit, ABadConditionIsRefusedWhenSetAndTheOldOneStands) {
  Writer writer = begin_with("1 = 2");
  const auto bad = writer.session().set_require("size('a' = 1");
  ASSERT_ERRNO(bad, EINVAL);
  EXPECT_EQ(writer.session().settings()->require, "1 = 2");
  EXPECT_THAT(session_status_text(writer.session()),
              AllOf(HasSubstr("require: 1 = 2\n"),
                    HasSubstr("require refused: column 10: expected ')', found =\n")));
  refused(writer);
  must(writer.session().set_require("2 = 2"));
  EXPECT_THAT(session_status_text(writer.session()), Not(HasSubstr("refused")));
  table.commit_ok(writer);
}

TEST_F(RequireCommit, BlanksAreNone) {
  Writer writer = begin_with("1 = 2");
  must(writer.session().set_require(" \n"));
  EXPECT_EQ(writer.session().settings()->require, "");
  table.commit_ok(writer);
  EXPECT_ERRNO(writer.session().set_require("1 = 1"), EROFS);
}

TEST_F(RequireCommit, AConditionThatIsNoneAnyMoreRefuses) {
  StagedSession row;
  row.id = must(table.context.ids->next_session());
  row.name = "old";
  row.base = table.head_seq_no();
  Writer writer{table, std::make_shared<Session>(table.context, row, ChangeSet(),
                                                 SessionSettings{.require = "size('a'"})};
  writer.write("n", "");
  EXPECT_EQ(refused(writer)->reason,
            "the condition cannot be read: column 9: expected ')', found the end");
}

}  // namespace
}  // namespace commitfs::testing
