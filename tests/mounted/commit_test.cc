#include "tests/support/mount_fixture.h"
#include "tests/support/tree_listing.h"

namespace commitfs::test {
namespace {

using ::testing::HasSubstr;

class Commit : public MountedTest {
 protected:
  std::string adopted() const override { return "mkdir d; echo 1 > a; echo 1 > b; echo 1 > d/c"; }
};
INSTANTIATE_IN_BOTH_MODES(Commit);

TEST_P(Commit, DisjointSessionsBothLand) {
  session("s", "echo s > a");
  session("t", "echo t > b; echo t > n");
  ok("mv sessions/s commit/");
  ok("mv sessions/t commit/");
  EXPECT_EQ(brief_tree(at("live")), "a=s b=t d/ d/c=1 n=t");
  EXPECT_EQ(head(), "3");
}

TEST_P(Commit, MvOfTwoSessionsLandsBoth) {
  session("s", "echo s > a");
  session("t", "echo t > b");
  ok("mv sessions/s sessions/t commit/");
  EXPECT_EQ(brief_tree(at("live")), "a=s b=t d/ d/c=1");
  EXPECT_EQ(ok("ls sessions commit"), "commit:\ns\nt\n\nsessions:");
}

TEST_P(Commit, TheReceiptIsAReadOnlyViewOfTheVersionMade) {
  commit("s", "echo s > a");
  commit("t", "echo t > a; rm b");
  EXPECT_EQ(brief_tree(at("commit/s")), "a=s b=1 d/ d/c=1");
  EXPECT_EQ(brief_tree(at("commit/t")), "a=t d/ d/c=1");
  for (const char* script : {"echo x > commit/s/a", "rm commit/s/a", "touch commit/s/new",
                             "mkdir commit/s/e", "chmod 600 commit/s/a"}) {
    EXPECT_THAT(sh(script), FailedWith("Read-only file system")) << script;
  }
}

TEST_P(Commit, TheReceiptShowsARebasedVersionWhole) {
  session("s", "echo s > a");
  commit("t", "echo t > b");
  ok("mv sessions/s commit/");
  EXPECT_EQ(brief_tree(at("commit/s")), "a=s b=t d/ d/c=1");
}

TEST_P(Commit, AReceiptStaysUntilItIsRemoved) {
  commit("s", "echo s > a");
  ok("rmdir commit/s");
  EXPECT_EQ(ok("ls -A commit"), "");
  EXPECT_EQ(head(), "2");
  EXPECT_EQ(read("live/a"), "s\n");
}

TEST_P(Commit, AReceiptGivesWayToASessionOfItsName) {
  commit("s", "echo s > a");
  session("s", "echo again > a");
  EXPECT_EQ(ok("ls -A commit"), "");
  ok("mv sessions/s commit/");
  EXPECT_EQ(read("commit/s/a"), "again\n");
  EXPECT_EQ(head(), "3");
}

TEST_P(Commit, NamesCanBeUsedAgainAHundredTimes) {
  ok("for i in $(seq 100); do mkdir sessions/s && echo $i > sessions/s/a && mv sessions/s commit/; "
     "done");
  EXPECT_EQ(head(), "101");
  EXPECT_EQ(read("live/a"), "100\n");
}

TEST_P(Commit, AWorkingDirectoryInsideStaysValid) {
  EXPECT_EQ(ok("mkdir sessions/s; cd sessions/s/d; echo s > c; mv ../../s ../../../commit/; "
               "cat c; ls -A ..; (echo x > new) 2> /dev/null || true"),
            "s\na\nb\nd");
}

TEST_P(Commit, AReaderInsideTheSessionReadsOn) {
  session("s", "seq 100000 > big");
  EXPECT_EQ(ok("exec 3< sessions/s/big; read -u 3 first; mv sessions/s commit/; tail -1 <&3"),
            "100000");
}

TEST_P(Commit, AnEmptySessionMakesNoVersion) {
  session("s", "cat a; ls d");
  ok("mv sessions/s commit/");
  EXPECT_EQ(head(), "1");
  EXPECT_EQ(ok("ls sessions; ls commit"), "s");
  EXPECT_EQ(brief_tree(at("commit/s")), "a=1 b=1 d/ d/c=1");
}

TEST_P(Commit, ATokenIsHonouredOnce) {
  session("s", "echo s > a; echo order-7 > .commitfs/token");
  ok("mv sessions/s commit/");
  session("t", "echo t > b; echo order-7 > .commitfs/token");
  ok("mv sessions/t commit/");
  EXPECT_EQ(head(), "2");
  EXPECT_EQ(brief_tree(at("live")), "a=s b=1 d/ d/c=1");
  EXPECT_EQ(brief_tree(at("commit/t")), brief_tree(at("snapshots/2")));
}

TEST_P(Commit, AFreshlyWrittenFileNeverKeepsMvFromCommitting) {
  const Output loop =
      sh("for i in $(seq 200); do mkdir sessions/s$i; cp live/a sessions/s$i/f$i; "
         "echo $i > sessions/s$i/g$i; mv sessions/s$i commit/ || exit 1; done",
         std::chrono::seconds(40));
  EXPECT_THAT(loop, Succeeded());
  EXPECT_EQ(head(), "201");
}

TEST_P(Commit, BytesWrittenJustBeforeAreInTheVersion) {
  ok("for i in $(seq 50); do mkdir sessions/s; seq $i 20000 > sessions/s/f; "
     "mv sessions/s commit/; seq $i 20000 | cmp - live/f; done",
     std::chrono::seconds(40));
}

TEST_P(Commit, OfTwentyThousandFilesLandsWhole) {
  session("s",
          "mkdir big; cd big; seq 1 20000 | xargs -n 1000 touch; seq 1 1000 | "
          "while read i; do echo $i > $i; done");
  ok("mv sessions/s commit/", std::chrono::seconds(30));
  EXPECT_EQ(ok("ls live/big | wc -l"), "20000");
  EXPECT_EQ(ok("cat live/big/[0-9]* | sort -n | md5sum"), ok("seq 1000 | md5sum"));
}

TEST_P(Commit, LeavesOtherSessionsAsTheyAre) {
  session("s", "echo s > a");
  session("open", "echo o > n");
  ok("mv sessions/s commit/");
  EXPECT_EQ(ok("ls sessions"), "open");
  EXPECT_EQ(brief_tree(at("sessions/open")), "a=1 b=1 d/ d/c=1 n=o");
}

TEST_P(Commit, WrittenBodiesAreNotCopied) {
  session("s", "head -c 1000000 /dev/urandom > big");
  const std::string find = "find $TABLE/.commitfs/objects -size +900k -printf '%i\\n'";
  const std::string before = ok(find);
  ok("mv sessions/s commit/");
  EXPECT_EQ(ok(find), before);
}

TEST_P(Commit, OnlyASessionsOwnRootCanBeMovedIn) {
  session("s", "echo s > a");
  EXPECT_THAT(sh("mv sessions/s/d commit/"), FailedWith(""));
  EXPECT_THAT(sh("mv sessions/s/a commit/"), FailedWith(""));
  EXPECT_THAT(sh("mv sessions/s commit/.commitfs"), FailedWith(""));
  EXPECT_EQ(brief_tree(at("sessions/s")), "a=s b=1 d/ d/c=1");
  EXPECT_EQ(head(), "1");
}

TEST_P(Commit, UnderAnotherNameMakesAReceiptOfThatName) {
  session("s", "echo s > a");
  ok("mv sessions/s commit/other");
  EXPECT_EQ(ok("ls commit"), "other");
  EXPECT_EQ(read("commit/other/a"), "s\n");
}

TEST_P(Commit, NothingCanBeMadeInCommit) {
  for (const char* script :
       {"mkdir commit/x", "touch commit/x", "ln -s a commit/x", "mkfifo commit/x"}) {
    EXPECT_THAT(sh(script), FailedWith("Operation not permitted")) << script;
  }
  EXPECT_EQ(ok("ls -A commit"), "");
}

TEST_P(Commit, AChainOfRenamesAndReplacementsLandsAsItEnded) {
  commit("s", "mv a x; mv b a; mv x b; mkdir e; mv d/c e/c; rmdir d; mkdir d; ln e/c d/c2");
  EXPECT_EQ(brief_tree(at("live")), "a=1 b=1 d/ d/c2=1 e/ e/c=1");
  EXPECT_EQ(ok("stat -c %i live/e/c"), ok("stat -c %i live/d/c2"));
  EXPECT_EQ(ok("stat -c %h live/e/c"), "2");
}

TEST_P(Commit, LogProgramShowsTheSameAsTheMount) {
  commit("s", "echo 2 > a; echo why > .commitfs/message");
  EXPECT_EQ(ok("$COMMITFS log $MOUNT"), ok("$COMMITFS log $TABLE"));
  EXPECT_THAT(ok("$COMMITFS log $MOUNT"), HasSubstr("why"));
}

}  // namespace
}  // namespace commitfs::test
