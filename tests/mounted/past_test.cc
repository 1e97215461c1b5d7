#include <unistd.h>

#include "tests/support/mount_fixture.h"
#include "tests/support/tree_listing.h"

// Going back, and letting go: snapshots/ moved into commit/ and discard/, and the program's verbs
// on the past.

namespace commitfs::test {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

class Past : public MountedTest {
 protected:
  std::string adopted() const override {
    return "mkdir d; echo a > d/a; echo b > d/b; echo c > c; ln c c2; ln -s c link; chmod 640 d/a";
  }
  void SetUp() override {
    MountedTest::SetUp();
    if (IsSkipped()) return;
    commit("s", "echo other > d/a; rm d/b; mv c moved; echo n > new; setfattr -n user.k -v v c2");
    commit("t", "rm -r d; echo 3 > new");
  }
};
INSTANTIATE_IN_BOTH_MODES(Past);

TEST_P(Past, GoesBackToAVersion) {
  const auto first = detailed_tree(at("snapshots/1"));
  ok("mv snapshots/1 commit/");
  EXPECT_EQ(head(), "4");
  EXPECT_EQ(brief_tree(at("live")), brief_tree(at("snapshots/1")));
  EXPECT_EQ(brief_tree(at("commit/1")), brief_tree(at("snapshots/1")));
  EXPECT_EQ(detailed_tree(at("snapshots/1")), first);
  EXPECT_EQ(ok("stat -c '%a %s %y' live/d/a live/c"), ok("stat -c '%a %s %y' snapshots/1/d/a "
                                                         "snapshots/1/c"));
  EXPECT_EQ(ok("[ live/c -ef live/c2 ] && echo one"), "one");
  EXPECT_EQ(ok("ls snapshots"), "1\n2\n3\n4\nlatest\nprevious");
  EXPECT_EQ(ok("cut -f 1,4,5 .commitfs/log | head -1"), "4\t1\trestore");
}

/// The version's directory is put back behind the move, and whoever looks it up in that moment may
/// be told ESTALE by the kernel.
TEST_P(Past, GoesBackAndForth) {
  const auto is_at = [&](const std::string& version) {
    try {
      return brief_tree(at("live")) == brief_tree(at("snapshots/" + version));
    } catch (const std::filesystem::filesystem_error& error) {
      EXPECT_EQ(error.code().value(), ESTALE);
      return false;
    }
  };
  for (const char* version : {"1", "2", "3", "1"}) {
    ASSERT_TRUE(eventually(
        [&] { return sh(std::string("mv snapshots/") + version + " commit/").exit_code == 0; }));
    EXPECT_TRUE(eventually([&] { return is_at(version); })) << version;
  }
  EXPECT_EQ(head(), "7");
  EXPECT_TRUE(eventually([&] { return sh("ls snapshots/1").out == "c\nc2\nd\nlink\n"; }));
}

TEST_P(Past, ToBeWhereItIsMakesNoVersion) {
  ok("mv snapshots/3 commit/");
  EXPECT_TRUE(eventually([&] { return sh("mv snapshots/3 commit/").exit_code == 0; }));
  EXPECT_EQ(head(), "3");
  EXPECT_TRUE(eventually([&] { return sh("ls snapshots/3 commit/3").exit_code == 0; }));
  EXPECT_EQ(ok("ls snapshots"), "1\n2\n3\nlatest\nprevious");
}

TEST_P(Past, WhoWorksInASnapshotStaysThereWhenTheTableGoesBackToIt) {
  const auto shell = start(
      "cd snapshots/1; echo in > $SCRATCH/in; while [ ! -e $SCRATCH/go ]; do sleep 0.05; "
      "done; cat d/a; cd ..; ls 1/d; pwd");
  ASSERT_TRUE(eventually([&] { return ok("cat $SCRATCH/in || true") == "in"; }));
  ok("mv snapshots/1 commit/back; touch $SCRATCH/go");
  const Output ended = shell->finish();
  EXPECT_THAT(ended, Succeeded());
  EXPECT_THAT(ended.out, HasSubstr("a\na\nb\n"));
  EXPECT_EQ(ok("cat commit/back/d/b snapshots/1/d/b"), "b\nb");
}

TEST_P(Past, TheReceiptHasTheNameItWasGiven) {
  ok("mv -T snapshots/2 commit/rollback");
  EXPECT_EQ(ok("ls commit/rollback/d"), "a");
  EXPECT_EQ(ok("cut -f 4,7 .commitfs/log | head -1"), "rollback\tback to version 2");
}

TEST_P(Past, AnOpenSessionOfThatNameIsInTheWay) {
  session("1", "echo mine > mine");
  EXPECT_THAT(sh("mv snapshots/1 commit/"), FailedWith("busy"));
  EXPECT_EQ(head(), "3");
  EXPECT_EQ(ok("ls snapshots/1; cat sessions/1/mine"), "c\nc2\nd\nlink\nmine");
}

TEST_P(Past, OnlyVersionsByNumberMove) {
  EXPECT_THAT(sh("mv snapshots/latest commit/"), FailedWith("Operation not permitted"));
  EXPECT_THAT(sh("mv snapshots/1 sessions/"), FailedWith("Read-only file system"));
  EXPECT_THAT(sh("mv snapshots/1 snapshots/9"), FailedWith("Read-only file system"));
  EXPECT_THAT(sh("mkdir snapshots/9"), FailedWith("Read-only file system"));
  EXPECT_EQ(ok("ls snapshots"), "1\n2\n3\nlatest\nprevious");
}

TEST_P(Past, WhoMayNotCommitMayNotGoBackNorLetGo) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can act as another user";
  ok("chmod 755 $TABLE");
  EXPECT_THAT(sh_as_nobody("mv snapshots/1 commit/"), FailedWith("Permission denied"));
  EXPECT_THAT(sh_as_nobody("mv snapshots/1 discard/"), FailedWith("Permission denied"));
  EXPECT_EQ(ok("ls snapshots"), "1\n2\n3\nlatest\nprevious");
}

TEST_P(Past, AVersionIsDropped) {
  ok("ls -R snapshots/2 > /dev/null; mv snapshots/2 discard/");
  EXPECT_EQ(ok("ls snapshots"), "1\n3\nlatest");
  EXPECT_THAT(sh("ls snapshots/2"), FailedWith("No such file"));
  EXPECT_THAT(sh("mkdir sessions/x@2"), FailedWith("No such file"));
  EXPECT_EQ(ok("cat snapshots/1/d/a snapshots/3/new"), "a\n3");
  EXPECT_EQ(ok("cut -f 1 .commitfs/log"), "3\n1");
}

TEST_P(Past, WhatIsNeededIsKept) {
  ok("ln -s 2 tags/good; mkdir sessions/x@1");
  EXPECT_THAT(sh("mv snapshots/2 discard/"), FailedWith("busy"));
  EXPECT_THAT(sh("mv snapshots/1 discard/"), FailedWith("busy"));
  EXPECT_THAT(sh("mv snapshots/3 discard/"), FailedWith("busy"));
  ok("rm tags/good");
  EXPECT_THAT(sh("exec 3< snapshots/2/new; mv snapshots/2 discard/"), FailedWith("busy"));
  EXPECT_THAT(sh("(cd snapshots/2/d; exec mv $MOUNT/snapshots/2 $MOUNT/discard/)"),
              FailedWith("busy"));
  EXPECT_EQ(ok("ls snapshots; cat snapshots/2/new"), "1\n2\n3\nlatest\nprevious\nn");
  ok("mv snapshots/2 discard/");
}

TEST_P(Past, BodiesOfDroppedVersionsGo) {
  ok("mv snapshots/1 discard/; mv snapshots/2 discard/");
  // c, new, link; "other", "b", "a" and the first "n" are nobody's any more.
  ASSERT_TRUE(eventually([&] {
    return ok("find $TABLE/.commitfs/objects -type f | wc -l") == "2";
  })) << ok("find $TABLE/.commitfs/objects -type f | wc -l");
  EXPECT_EQ(ok("cat live/new live/moved"), "3\nc");
  daemon().unmount();
  EXPECT_THAT(sh("$COMMITFS fsck --data $TABLE"), Succeeded());
}

TEST_P(Past, OldVersionsExpireByTheTool) {
  EXPECT_EQ(ok("$COMMITFS expire --dry-run --keep-last 1 $MOUNT"), "1\n2");
  EXPECT_EQ(ok("$COMMITFS expire --dry-run --keep-last 1 --older-than 1h $MOUNT"), "");
  ok("ln -s 1 tags/first");
  EXPECT_EQ(ok("$COMMITFS expire --keep-last 1 $MOUNT"), "expired 1 version");
  EXPECT_EQ(ok("ls snapshots"), "1\n3\nlatest");
}

TEST_P(Past, ByForceTheBaseOfAnOpenSessionGoes) {
  session("late@1", "echo mine > mine; echo more >> c");
  EXPECT_THAT(sh("$COMMITFS expire $MOUNT 1"), FailedWith("kept 1 version in use"));
  EXPECT_EQ(ok("$COMMITFS expire --force $MOUNT 1"), "expired 1 version");
  EXPECT_EQ(ok("ls snapshots"), "2\n3\nlatest\nprevious");
  EXPECT_THAT(sh("mv sessions/late@1 commit/"), FailedWith("Stale file handle"));
  EXPECT_THAT(read("sessions/late@1/.commitfs/conflicts"), HasSubstr("begin again"));
  EXPECT_THAT(read("sessions/late@1/.commitfs/status"), HasSubstr("base expired: version 1"));
  EXPECT_THAT(sh("$COMMITFS commit sessions/late@1").exit_code, 84);
  EXPECT_EQ(ok("cd sessions/late@1; cat mine c; echo again > mine; cat mine"),
            "mine\nc\nmore\nagain");
  // What version 1 alone had.
  ASSERT_TRUE(
      eventually([&] { return sh("cat sessions/late@1/d/b").err.contains("Stale file handle"); }));
  EXPECT_THAT(sh("cat sessions/late@1/never"), FailedWith("Stale file handle"));
  EXPECT_THAT(ok("cat sessions/late@1/.commitfs/diff"), HasSubstr("A\tmine"));
  daemon().unmount();
  EXPECT_THAT(sh("$COMMITFS fsck --data $TABLE"), Succeeded());
  mount();
  EXPECT_THAT(sh("mv sessions/late@1 commit/"), FailedWith("Stale file handle"));
  ok("cat sessions/late@1/mine; mv sessions/late@1 discard/");
}

TEST_P(Past, ByForceGoesWhoMayNot) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can act as another user";
  EXPECT_THAT(sh_as_nobody("echo 1 force > .commitfs/expire"), FailedWith("Permission denied"));
  EXPECT_THAT(sh("echo latest > .commitfs/expire"), FailedWith("Invalid argument"));
  EXPECT_THAT(sh("echo 3 force > .commitfs/expire"), FailedWith("busy"));
  ok("echo 1 > .commitfs/expire");
  EXPECT_EQ(ok("ls snapshots"), "2\n3\nlatest\nprevious");
}

TEST_P(Past, ADaemonKilledAmidAnExpiryLosesNothingThatIsNeeded) {
  ok("ln -s 1 tags/first");
  for (const char* point :
       {"expiry.before_commit", "expiry.removed", "expiry.pruned", "expiry.forgotten"}) {
    SCOPED_TRACE(point);
    commit("more", "date +%N > new");
    daemon().unmount();
    mount({"COMMITFS_FAULTS=" + std::string(point) + "=kill"});
    sh("$COMMITFS expire --keep-last 1 $MOUNT");
    ASSERT_TRUE(daemon().await_death());
    EXPECT_THAT(sh("cd /; $COMMITFS fsck --data $TABLE"), Succeeded());
    mount();
    EXPECT_EQ(ok("cat snapshots/1/d/* snapshots/1/c"), "a\nb\nc");
    EXPECT_EQ(ok("cat live/moved; ls live"), "c\nc2\nlink\nmoved\nnew");
    ok("$COMMITFS expire --keep-last 1 $MOUNT");
  }
  EXPECT_EQ(ok("ls snapshots | wc -l"), "3");
}

TEST_P(Past, WhatVersionsTakeIsTold) {
  ok("ln -s 2 tags/good");
  EXPECT_EQ(ok("$COMMITFS du $MOUNT | tail -n +2"),
            "       3         2       4       2       2\n"
            "       2         3      10       8       2  good\n"
            "       1         3       6       4       2\n"
            "all: 3 versions, 6 bodies (16)");
  EXPECT_EQ(ok("$COMMITFS du $TABLE good 3 | tail -2 | head -1"),
            "together: 10 that no other version has");
  EXPECT_EQ(ok("$COMMITFS du --json $TABLE 1"),
            R"({"versions":[{"seq_no":1,"files":3,"bytes":6,"unique_bytes":4,"shared_bytes":2,)"
            R"("tags":[]}],"together_bytes":4,"total":{"versions":3,"bodies":6,"bytes":16,)"
            R"("removed_bytes":0}})");
  EXPECT_THAT(sh("$COMMITFS du $TABLE 9"), FailedWith("has no version 9"));
}

TEST_P(Past, ADiffIsListedAndSummedUp) {
  EXPECT_EQ(ok("$COMMITFS diff $MOUNT 1 2"), "M\tc2\nM\td/a\nD\td/b\nR\tc -> moved\nA\tnew");
  EXPECT_EQ(ok("$COMMITFS diff $TABLE 1 1"), "");
  ok("ln -s 2 tags/good");
  EXPECT_EQ(ok("$COMMITFS diff $TABLE good latest"), "D\td\nD\td/a\nM\tnew");
  EXPECT_EQ(ok("$COMMITFS diff --stat $TABLE 2 3 | tail -1"),
            "0 added, 1 modified, 2 deleted, 0 renamed; 8 bytes -> 2 bytes");
  EXPECT_EQ(ok("$COMMITFS diff --json $TABLE 2 3 | grep -c '\"change\":\"D\"'"), "2");
  EXPECT_THAT(sh("$COMMITFS diff $TABLE 1 9"), FailedWith("has no version 9"));
}

TEST_P(Past, ADiffWithASessionIsItsOwnChanges) {
  session("w", "echo x > x");
  EXPECT_EQ(ok("$COMMITFS diff $MOUNT 3 w"), "A\tx");
  EXPECT_THAT(sh("$COMMITFS diff $MOUNT 2 w"), FailedWith("began at version 3"));
}

TEST_P(Past, AVersionIsShown) {
  EXPECT_THAT(ok("$COMMITFS show $TABLE 3"), MatchesRegex("3\t.*\tt\twrite\t.*\n"
                                                          "D\td\nD\td/a\nM\tnew"));
  EXPECT_THAT(ok("$COMMITFS show $TABLE 1"), HasSubstr("A\td/b"));
}

TEST_P(Past, AVersionIsReverted) {
  ok("$COMMITFS revert $MOUNT 3");
  EXPECT_EQ(ok("cat sessions/revert-3/.commitfs/diff"), "A\td\nA\td/a\nM\tnew");
  ok("mv sessions/revert-3 commit/");
  EXPECT_EQ(brief_tree(at("live")), brief_tree(at("snapshots/2")));
  const Output refused = sh("$COMMITFS revert $MOUNT 2");
  EXPECT_THAT(refused, FailedWith("Operation canceled"));
  EXPECT_THAT(refused.err, HasSubstr(" d/a"));
  EXPECT_EQ(ok("ls sessions"), "");
}

TEST_P(Past, TheLogIsFiltered) {
  EXPECT_EQ(ok("$COMMITFS log --since 1 $TABLE | cut -f 1"), "3\n2");
  EXPECT_EQ(ok("$COMMITFS log --path d/b $TABLE | cut -f 1"), "2");
  EXPECT_EQ(ok("$COMMITFS log --path d $TABLE | cut -f 1"), "3\n2");
  EXPECT_EQ(ok("$COMMITFS log --group d/a $TABLE | cut -f 1"), "3\n2");
  EXPECT_EQ(ok("$COMMITFS log --since 2261-01-01T00:00:00Z $TABLE"), "");
  EXPECT_THAT(sh("$COMMITFS log --since x $TABLE"), FailedWith("neither a time nor a version"));
}

TEST_P(Past, TheLogAndTheFeedGoOn) {
  const auto log = start("cd /; timeout 15 $COMMITFS log --follow --since 3 $TABLE > $SCRATCH/log");
  const auto feed =
      start("cd /; timeout 15 $COMMITFS changes --from 2 --follow $TABLE > $SCRATCH/feed");
  ASSERT_TRUE(eventually([&] { return ok("grep -c '\"D\"' $SCRATCH/feed || true") == "2"; }));
  commit("u", "echo 4 > four");
  EXPECT_TRUE(eventually([&] { return ok("cut -f 1,4 $SCRATCH/log") == "4\tu"; }));
  EXPECT_TRUE(eventually([&] {
    return ok("grep -c '\"version\":4.*\"path\":\"four\"' $SCRATCH/feed || true") == "1";
  }));
}

TEST_P(Past, AVersionIsExportedAsItIs) {
  for (const char* how : {"", "--link "}) {
    SCOPED_TRACE(how);
    ok(std::string("rm -rf $SCRATCH/out; $COMMITFS export ") + how + "$TABLE 1 $SCRATCH/out");
    EXPECT_EQ(brief_tree(scratch() / "out"), brief_tree(at("snapshots/1")));
    EXPECT_EQ(ok("cd $SCRATCH/out; stat -c '%n %a %u:%g %s %y' d/a c c2 link; stat -c '%a %y' . d"),
              ok("cd snapshots/1; stat -c '%n %a %u:%g %s %y' d/a c c2 link; stat -c '%a %y' . d"));
    EXPECT_EQ(ok("[ $SCRATCH/out/c -ef $SCRATCH/out/c2 ] && echo one"), "one");
  }
  EXPECT_THAT(sh("$COMMITFS export $TABLE 2 $SCRATCH/out"), FailedWith("not empty"));
}

}  // namespace
}  // namespace commitfs::test
