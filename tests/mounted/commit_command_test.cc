// `commitfs commit`: the second door into a commit, as a script uses it.
#include "tests/support/mount_fixture.h"
#include "tests/support/tree_listing.h"

namespace commitfs::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class CommitCommand : public MountedTest {
 protected:
  std::string adopted() const override { return "mkdir d; echo 1 > a; echo 1 > b; echo 1 > d/c"; }
};
INSTANTIATE_IN_BOTH_MODES(CommitCommand);

TEST_P(CommitCommand, MakesAVersionAndSaysWhich) {
  session("s", "echo s > a");
  EXPECT_EQ(ok("$COMMITFS commit -m 'why it was' s"), "committed s as version 2");
  EXPECT_EQ(brief_tree(at("live")), "a=s b=1 d/ d/c=1");
  EXPECT_THAT(ok("head -1 .commitfs/log"), HasSubstr("why it was"));
}

TEST_P(CommitCommand, TakesNamesAndPaths) {
  session("s", "echo s > a");
  session("t", "echo t > b");
  session("u", "echo u > n");
  ok("cd sessions/s; $COMMITFS commit .");
  ok("cd /; $COMMITFS commit $MOUNT/sessions/t/");
  ok("cd /; $COMMITFS commit --mount $TABLE u");
  EXPECT_EQ(brief_tree(at("live")), "a=s b=t d/ d/c=1 n=u");
}

TEST_P(CommitCommand, AnUnchangedSessionMakesNoVersion) {
  session("s", "cat a");
  EXPECT_EQ(ok("$COMMITFS commit s"), "nothing to commit in s: version 1 stands");
  EXPECT_EQ(head(), "1");
  EXPECT_EQ(ok("ls sessions commit"), "commit:\ns\n\nsessions:");
}

TEST_P(CommitCommand, TheReceiptIsTheVersionWhole) {
  session("s", "echo s > a; cat b d/c");
  commit("t", "echo t > b; rm d/c");
  ok("$COMMITFS commit s");
  EXPECT_EQ(brief_tree(at("commit/s")), "a=s b=t d/");
  EXPECT_EQ(ok("ls sessions"), "");
  EXPECT_TRUE(eventually([&] { return sh("ls -d sessions/s").exit_code != 0; }));
}

TEST_P(CommitCommand, WorkingDirectoriesAndReadersInsideStayAndMoveAlong) {
  EXPECT_EQ(ok("mkdir sessions/s; cd sessions/s/d; echo s > c; exec 3< ../a\n"
               "$COMMITFS commit ../; cat c; cat <&3; ls ..; [ -e new ] || (echo x > new) 2>&1 | "
               "grep -o 'Read-only'"),
            "committed s as version 2\ns\n1\na\nb\nd\nRead-only");
  EXPECT_EQ(ok("mkdir sessions/t; cd sessions/t/d; echo t > c; $COMMITFS commit .. > $SCRATCH/log\n"
               "for i in $(seq 500); do [ $(/bin/pwd) = $MOUNT/commit/t/d ] && break; sleep 0.01; "
               "done; /bin/pwd"),
            at("commit/t/d").native());
}

TEST_P(CommitCommand, AWorkingDirectoryInsideShowsTheVersionAlsoWhenTheHeadMoved) {
  ok("for i in $(seq 20); do\n"
     "mkdir sessions/s sessions/t; cd sessions/s/d; echo $i > c; cat ../b > $SCRATCH/log\n"
     "echo $i > $MOUNT/sessions/t/b; mv $MOUNT/sessions/t $MOUNT/commit/\n"
     "$COMMITFS commit ..; [ $(cat ../b) = $i ]; [ $(cat c) = $i ]\n"
     "for j in $(seq 500); do [ \"$(/bin/pwd)\" = $MOUNT/commit/s/d ] && break; sleep 0.01; done\n"
     "/bin/pwd; cd $MOUNT; done",
     std::chrono::seconds(60));
}

TEST_P(CommitCommand, ANameCanBeUsedAgainAtOnce) {
  ok("for i in $(seq 50); do mkdir sessions/s; cd sessions/s; /bin/pwd; echo $i > a; "
     "$COMMITFS commit .; cd $MOUNT; [ $(cat commit/s/a) = $i ]; done",
     std::chrono::seconds(60));
  EXPECT_EQ(head(), "51");
  EXPECT_EQ(read("live/a"), "50\n");
}

TEST_P(CommitCommand, AskedAgainMakesNoSecondVersion) {
  session("s", "echo s > a");
  ok("exec 3< sessions/s; $COMMITFS commit s; $COMMITFS commit commit/s");
  EXPECT_EQ(head(), "2");
  EXPECT_EQ(ok("ls commit"), "s");
}

TEST_P(CommitCommand, AConflictIsToldAndLeavesTheSessionAsItWas) {
  session("s", "echo s > a; echo s > n");
  commit("t", "echo t > a");
  const Output refused = sh("$COMMITFS commit s");
  EXPECT_EQ(refused.exit_code, 80);
  EXPECT_EQ(refused.out, "");
  EXPECT_THAT(refused.err, AllOf(StartsWith("commitfs: commit of s: Operation canceled\n"),
                                 HasSubstr("UPDATE_UPDATE  a"), HasSubstr("by session 't'")));
  EXPECT_EQ(brief_tree(at("sessions/s")), "a=s b=1 d/ d/c=1 n=s");
  ok("echo again > sessions/s/n");
  EXPECT_EQ(brief_tree(at("live")), "a=t b=1 d/ d/c=1");
  EXPECT_EQ(sh("$COMMITFS commit s").exit_code, 80);
}

TEST_P(CommitCommand, OpenFilesAreNamed) {
  session("s", "echo s > a");
  const Output refused = sh("exec 5>> sessions/s/b; $COMMITFS commit s");
  EXPECT_EQ(refused.exit_code, 82);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("Device or resource busy"), HasSubstr("\n  b\n")));
  ok("$COMMITFS commit s");
}

TEST_P(CommitCommand, JsonHasOutcomeVersionAndReport) {
  session("s", "echo s > a");
  session("t", "echo t > a");
  const std::string check =
      " | python3 -c 'import json, sys\nfor line in sys.stdin:\n o = json.loads(line)\n"
      " print(o[\"session\"], o[\"outcome\"], o[\"errno\"], o[\"version\"], o[\"made_version\"],"
      " [c[\"path\"] for c in o.get(\"report\", {}).get(\"conflicts\", [])])'";
  EXPECT_EQ(ok("$COMMITFS commit --json s" + check), "s committed 0 2 True []");
  EXPECT_EQ(ok("$COMMITFS commit --json t" + check), "t conflict 125 None False ['a']");
}

TEST_P(CommitCommand, OfSeveralEachIsJudgedAlone) {
  session("s", "echo s > a");
  session("t", "echo t > b");
  session("late", "echo late > d/c");
  commit("w", "echo w > d/c");
  const Output output = sh("$COMMITFS commit s late t");
  EXPECT_EQ(output.exit_code, 80);
  EXPECT_THAT(output.out, AllOf(HasSubstr("committed s as"), HasSubstr("committed t as")));
  EXPECT_EQ(brief_tree(at("live")), "a=s b=t d/ d/c=w");
  EXPECT_EQ(ok("ls sessions"), "late");
}

TEST_P(CommitCommand, WhatIsNoSessionIsSaid) {
  session("s", "echo s > a");
  EXPECT_THAT(sh("$COMMITFS commit ./live"), FailedWith("is not the directory of a session"));
  EXPECT_THAT(sh("$COMMITFS commit sessions/s/d"), FailedWith("is not the directory of a session"));
  EXPECT_THAT(sh("$COMMITFS commit /tmp/"), FailedWith("is not the directory of a session"));
  EXPECT_THAT(sh("$COMMITFS commit none"), FailedWith("sessions/none: No such file or directory"));
  EXPECT_THAT(sh("cd /; $COMMITFS commit s"),
              FailedWith("neither in a commitfs mount nor a table"));
  EXPECT_EQ(sh("$COMMITFS commit").exit_code, 2);
  EXPECT_EQ(head(), "1");
}

}  // namespace
}  // namespace commitfs::test
