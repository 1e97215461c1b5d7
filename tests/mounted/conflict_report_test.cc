#include <nlohmann/json.hpp>

#include "tests/support/mount_fixture.h"
#include "tests/support/tree_listing.h"

namespace commitfs::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// Two sessions that both changed `a`; the first, "winner", has landed.
class ConflictReport : public MountedTest {
 protected:
  std::string adopted() const override { return "mkdir d; echo 1 > d/a; echo 1 > b"; }
  void SetUp() override {
    MountedTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    session("loser", "echo mine > d/a; echo extra > d/n");
    session("winner", "echo theirs > d/a; echo 'the early bird' > .commitfs/message");
    ok("mv sessions/winner commit/");
  }
};
INSTANTIATE_IN_BOTH_MODES(ConflictReport);

TEST_P(ConflictReport, MvSaysOperationCanceledAndLeavesTheSessionAsItWas) {
  const Output mv = sh("mv sessions/loser commit/");
  EXPECT_EQ(mv.exit_code, 1);
  EXPECT_EQ(mv.err, "mv: cannot move 'sessions/loser' to 'commit/loser': Operation canceled\n");
  EXPECT_EQ(brief_tree(at("sessions/loser")), "b=1 d/ d/a=mine d/n=extra");
  EXPECT_EQ(brief_tree(at("live")), "b=1 d/ d/a=theirs");
  EXPECT_EQ(ok("ls -A commit"), "winner");
  EXPECT_EQ(head(), "2");
}

TEST_P(ConflictReport, ConflictsNamesPathGroupVersionSessionUserTimeAndMessage) {
  sh("mv sessions/loser commit/");
  const std::string user = ok("id -un");
  const std::string day = ok("date -u +%Y-%m-%d");
  EXPECT_THAT(
      read("sessions/loser/.commitfs/conflicts"),
      AllOf(HasSubstr("UPDATE_UPDATE"), HasSubstr("d/a"), HasSubstr("2"), HasSubstr("winner"),
            HasSubstr(user), HasSubstr(day), HasSubstr("the early bird")));
}

TEST_P(ConflictReport, ConflictsJsonSaysTheSameForPrograms) {
  sh("mv sessions/loser commit/");
  const auto report = nlohmann::json::parse(read("sessions/loser/.commitfs/conflicts.json"));
  EXPECT_EQ(report.at("session"), "loser");
  EXPECT_EQ(report.at("base"), 1);
  EXPECT_EQ(report.at("head"), 2);
  ASSERT_EQ(report.at("conflicts").size(), 1U);
  const auto& conflict = report.at("conflicts").at(0);
  EXPECT_EQ(conflict.at("category"), "UPDATE_UPDATE");
  EXPECT_EQ(conflict.at("path"), "d/a");
  EXPECT_EQ(conflict.at("group"), "d/a");
  const std::string text = conflict.dump();
  for (const char* part : {"winner", "the early bird", "\"uid\":0", "Z\""}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
}

TEST_P(ConflictReport, CheckGivesTheReportOfTheCommitBeforehandAndChangesNothing) {
  const std::string check = read("sessions/loser/.commitfs/check");
  EXPECT_EQ(head(), "2");
  EXPECT_EQ(ok("ls sessions"), "loser");
  sh("mv sessions/loser commit/");
  EXPECT_EQ(check, read("sessions/loser/.commitfs/conflicts"));
}

TEST_P(ConflictReport, ThereIsNoReportBeforeACommitWasRefused) {
  EXPECT_EQ(read("sessions/loser/.commitfs/conflicts"), "");
}

TEST_P(ConflictReport, AFreshSessionRedoesTheWork) {
  sh("mv sessions/loser commit/");
  session("redo", "cp ../loser/d/a d/a; cp ../loser/d/n d/n");
  ok("mv sessions/loser discard/; mv sessions/redo commit/");
  EXPECT_EQ(brief_tree(at("live")), "b=1 d/ d/a=mine d/n=extra");
}

TEST_P(ConflictReport, MvAgainGivesTheSameAnswer) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(sh("mv sessions/loser commit/"), FailedWith("Operation canceled"));
  }
  EXPECT_EQ(brief_tree(at("sessions/loser")), "b=1 d/ d/a=mine d/n=extra");
}

TEST_P(ConflictReport, TheSessionWorksOnAndLandsOnceItsConflictIsUndone) {
  sh("mv sessions/loser commit/");
  ok("cd sessions/loser; echo 1 > d/a; echo more > d/n");
  ok("mv sessions/loser commit/");
  EXPECT_EQ(brief_tree(at("live")), "b=1 d/ d/a=theirs d/n=more");
}

TEST_P(ConflictReport, AllConflictsAreReported) {
  ok("cd sessions/loser; echo mine > b");
  commit("second", "rm b");
  sh("mv sessions/loser commit/");
  EXPECT_THAT(read("sessions/loser/.commitfs/conflicts"),
              AllOf(HasSubstr("DELETE_UPDATE"), HasSubstr("UPDATE_UPDATE"), HasSubstr("second"),
                    HasSubstr("winner")));
}

TEST_P(ConflictReport, BeyondAThousandTheRestIsCounted) {
  session("many", "mkdir x; for i in $(seq 1500); do echo m > x/$i; done");
  commit("first", "mkdir x; for i in $(seq 1500); do echo f > x/$i; done");
  EXPECT_THAT(sh("mv sessions/many commit/"), FailedWith("Operation canceled"));
  const auto report = nlohmann::json::parse(read("sessions/many/.commitfs/conflicts.json"));
  EXPECT_EQ(report.at("conflicts").size(), 1000U);
  EXPECT_EQ(report.at("omitted"), 500);
}

TEST_P(ConflictReport, PythonsMoveRaisesLosesNothingAndPublishesNothing) {
  const Output move = sh("python3 -c 'import shutil; shutil.move(\"sessions/loser\", \"commit\")'");
  EXPECT_THAT(move, FailedWith("Operation canceled"));
  EXPECT_EQ(brief_tree(at("sessions/loser")), "b=1 d/ d/a=mine d/n=extra");
  EXPECT_EQ(ok("ls -A commit"), "winner");
  EXPECT_EQ(head(), "2");
}

TEST_P(ConflictReport, MkdirInCommitAnswersWithThatNamesLastFailure) {
  EXPECT_THAT(sh("mkdir commit/loser"), FailedWith("Operation not permitted"));
  sh("mv sessions/loser commit/");
  EXPECT_THAT(sh("mkdir commit/loser"), FailedWith("Operation canceled"));
  EXPECT_THAT(sh("mkdir commit/other"), FailedWith("Operation not permitted"));
}

TEST_P(ConflictReport, BaseMovesForwardWhenNothingTouchedHasChanged) {
  session("s", "echo s > b");
  commit("other", "echo other > d/a");
  ok("echo head > sessions/s/.commitfs/base");
  EXPECT_EQ(read("sessions/s/.commitfs/base"), "3\n");
  EXPECT_EQ(brief_tree(at("sessions/s")), "b=s d/ d/a=other");
  ok("mv sessions/s commit/");
  EXPECT_EQ(brief_tree(at("live")), "b=s d/ d/a=other");
}

TEST_P(ConflictReport, BaseStaysWhereItIsWhenSomethingTouchedHasChanged) {
  EXPECT_THAT(sh("echo head > sessions/loser/.commitfs/base"), FailedWith("Operation canceled"));
  EXPECT_EQ(read("sessions/loser/.commitfs/base"), "1\n");
  EXPECT_THAT(read("sessions/loser/.commitfs/conflicts"), HasSubstr("d/a"));
  EXPECT_EQ(brief_tree(at("sessions/loser")), "b=1 d/ d/a=mine d/n=extra");
}

TEST_P(ConflictReport, BaseMovesUnderOpenDirectoriesAndFiles) {
  session("s", "");
  commit("other", "echo other > d/a; echo n > d/new; rm b");
  EXPECT_EQ(
      ok("cd sessions/s/d; exec 3< a; echo head > ../.commitfs/base; cat <&3; cat a; ls . .."),
      "theirs\nother\n.:\na\nnew\n\n..:\nd");
}

}  // namespace
}  // namespace commitfs::test
