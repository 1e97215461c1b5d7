// Starting, stopping, and what is refused.
#include <signal.h>
#include <unistd.h>

#include <algorithm>

#include "tests/support/mount_fixture.h"
#include "tests/support/tree_listing.h"

namespace commitfs::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class DaemonLife : public MountedTest {
 protected:
  std::string adopted() const override { return "echo 1 > a"; }
};
INSTANTIATE_IN_BOTH_MODES(DaemonLife);

TEST_P(DaemonLife, ASecondDaemonOnTheTableIsRefusedInOneSentence) {
  ok("mkdir $SCRATCH/mnt2");
  const Output second = sh("$COMMITFS mount $TABLE $SCRATCH/mnt2");
  EXPECT_EQ(second.exit_code, 1);
  EXPECT_EQ(std::count(second.err.begin(), second.err.end(), '\n'), 1) << second.err;
  EXPECT_THAT(second.err, AllOf(HasSubstr("mounted already"), HasSubstr(daemon().mountpoint())));
  EXPECT_EQ(read("live/a"), "1\n");
}

TEST_P(DaemonLife, ADaemonWhoseTableWasTakenOverCommitsNothingAndWritesNothing) {
  session("s", "echo n > n");
  // Under its own path the table is known to be mounted, lock or not.
  if (sh("mkdir $SCRATCH/m $SCRATCH/alias; mount --bind $TABLE $SCRATCH/alias").exit_code != 0)
    GTEST_SKIP() << "needs a bind mount";
  ok("rm $TABLE/.commitfs/lock; "
     "$COMMITFS mount --log-file $SCRATCH/log2 $SCRATCH/alias $SCRATCH/m");
  const Output commit = sh("mv sessions/s commit/");
  const Output write = sh("echo 2 > sessions/s/n2");
  const Output begin = sh("mkdir sessions/t");
  const Output taken_over =
      sh("cd $SCRATCH/m && mkdir sessions/u && echo 2 > sessions/u/b && "
         "mv sessions/u commit/ && cat live/b; cd /; "
         "$COMMITFS umount $SCRATCH/m; umount $SCRATCH/alias");
  EXPECT_THAT(commit, FailedWith("Stale file handle"));
  EXPECT_THAT(write, FailedWith("Read-only file system"));
  EXPECT_THAT(begin, FailedWith("Read-only file system"));
  EXPECT_EQ(taken_over.out, "2\n") << taken_over;
}

TEST_P(DaemonLife, MountingOnAMountPointIsRefused) {
  ok("mkdir $SCRATCH/table2");
  const Output second = sh("$COMMITFS mount $SCRATCH/table2 $MOUNT");
  EXPECT_EQ(second.exit_code, 1);
  EXPECT_EQ(std::count(second.err.begin(), second.err.end(), '\n'), 1) << second.err;
  EXPECT_EQ(ok("ls -A $SCRATCH/table2"), "") << "nothing was changed";
  EXPECT_EQ(read("live/a"), "1\n");
}

TEST_P(DaemonLife, ADaemonInTheBackgroundAnswersWhenTheProgramReturns) {
  ok("mkdir $SCRATCH/t $SCRATCH/m; echo x > $SCRATCH/t/f");
  const Output mounted =
      sh("$COMMITFS mount " + std::string(mode() == IoMode::ordinary ? "-o no_passthrough " : "") +
         "--log-file $SCRATCH/log2 $SCRATCH/t $SCRATCH/m; echo $?; cat $SCRATCH/m/live/f; "
         "cd /; $COMMITFS umount $SCRATCH/m; echo $?; mountpoint -q $SCRATCH/m || echo gone");
  EXPECT_THAT(mounted.out, HasSubstr("0\nx\n"));
  EXPECT_TRUE(mounted.out.ends_with("0\ngone\n")) << mounted;
}

TEST_P(DaemonLife, AMissingTableIsRefused) {
  const Output refused = sh("mkdir $SCRATCH/m; $COMMITFS mount $SCRATCH/absent $SCRATCH/m");
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.err, HasSubstr("absent"));
}

TEST_P(DaemonLife, AForeignOrNewerCatalogIsRefusedAndUnchanged) {
  daemon().unmount();
  ok("cp -r $TABLE $SCRATCH/newer; cp -r $TABLE $SCRATCH/foreign; "
     "mkdir $SCRATCH/m; sqlite3 $SCRATCH/newer/.commitfs/catalog.db 'PRAGMA user_version=9999'; "
     "sqlite3 $SCRATCH/foreign/.commitfs/catalog.db 'PRAGMA application_id=7'");
  for (const char* table : {"newer", "foreign"}) {
    const std::string sum = std::string("md5sum < $SCRATCH/") + table + "/.commitfs/catalog.db";
    const std::string before = ok(sum);
    const Output refused = sh(std::string("$COMMITFS mount $SCRATCH/") + table + " $SCRATCH/m");
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_EQ(std::count(refused.err.begin(), refused.err.end(), '\n'), 1) << refused.err;
    EXPECT_EQ(ok(sum), before);
  }
}

TEST_P(DaemonLife, UmountNamesWhoHoldsTheMount) {
  auto holder = start(
      "cd live; exec 3< a; touch $SCRATCH/in; until [ -e $SCRATCH/out ]; do sleep 0.02; done");
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(scratch() / "in"); }));
  const Output busy = sh("cd /; $COMMITFS umount $MOUNT");
  EXPECT_EQ(busy.exit_code, 1);
  EXPECT_THAT(busy.err,
              AllOf(HasSubstr("busy"), HasSubstr(std::to_string(holder->process().pid()))));
  ok("touch $SCRATCH/out");
  EXPECT_THAT(holder->finish(), Succeeded());
}

TEST_P(DaemonLife, SessionsAndReceiptsAreThereAgainAtTheNextMount) {
  commit("done", "echo 2 > a");
  session("open", "echo n > n; rm a; mkdir d; echo x > d/x; echo why > .commitfs/message");
  daemon().unmount();
  mount();
  EXPECT_EQ(brief_tree(at("sessions/open")), "d/ d/x=x n=n");
  EXPECT_EQ(read("sessions/open/.commitfs/message"), "why\n");
  EXPECT_EQ(brief_tree(at("commit/done")), "a=2");
  ok("mv sessions/open commit/");
  EXPECT_EQ(brief_tree(at("live")), "d/ d/x=x n=n");
}

TEST_P(DaemonLife, ASessionThatOutlivedTheMachineIsCommittedOnlyWhenSomebodyLooked) {
  session("s", "echo 2 > b");
  daemon().unmount();
  ok("sqlite3 $TABLE/.commitfs/staging.db \"UPDATE session SET boot_id = 'another'\"");
  mount();
  EXPECT_THAT(sh("mv sessions/s commit/"), FailedWith("Owner died"));
  EXPECT_THAT(read("sessions/s/.commitfs/conflicts"), HasSubstr("went down"));
  EXPECT_EQ(read("sessions/s/.commitfs/recovered"), "unseen\n");
  EXPECT_THAT(sh("echo fine > sessions/s/.commitfs/recovered"), FailedWith("Invalid argument"));
  ok("echo accept > sessions/s/.commitfs/recovered; mv sessions/s commit/");
  EXPECT_EQ(read("live/b"), "2\n");
}

TEST_P(DaemonLife, TheTermGrowsWithEveryMount) {
  daemon().unmount();
  mount();
  commit("s", "echo 2 > b");
  EXPECT_EQ(ok("getfattr --only-values -n user.commitfs.primary_term live/b"), "2");
  EXPECT_EQ(ok("getfattr --only-values -n user.commitfs.primary_term live/a"),
            "0");  // adopted before any
}

TEST_P(DaemonLife, StatusNamesTableAndHead) {
  commit("s", "echo 2 > b");
  EXPECT_THAT(ok("$COMMITFS status $MOUNT"),
              AllOf(HasSubstr("2"), HasSubstr(daemon().table().filename().string())));
}

TEST_P(DaemonLife, ConfigSaysWhetherPassthroughIsOn) {
  const bool on = mode() == IoMode::passthrough;
  if (on && ::geteuid() != 0) GTEST_SKIP() << "passthrough needs root";
  EXPECT_THAT(read(".commitfs/config"), HasSubstr(on ? "passthrough = on" : "passthrough = off"));
}

TEST_P(DaemonLife, SigtermUnmountsAndEndsWell) {
  session("s", "echo n > n");
  ::kill(daemon().pid(), SIGTERM);
  ASSERT_TRUE(eventually([&] { return sh("mountpoint -q $MOUNT").exit_code != 0; }));
  daemon().unmount();
  mount();
  EXPECT_EQ(brief_tree(at("sessions/s")), "a=1 n=n");
}

}  // namespace
}  // namespace commitfs::test
