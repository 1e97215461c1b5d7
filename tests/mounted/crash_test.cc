// The daemon is killed at a chosen point and mounted again.
#include "tests/support/mount_fixture.h"
#include "tests/support/tree_listing.h"

namespace commitfs::test {
namespace {

class Crash : public MountedTest {
 protected:
  std::string adopted() const override { return "echo 1 > a; mkdir d"; }
  bool mounts_at_once() const override { return false; }

  /// Mounts with `faults`, commits session "s", which dies with the daemon, and mounts again
  /// without faults.
  void die_in_commit(const std::string& faults) {
    mount({"COMMITFS_FAULTS=" + faults});
    if (HasFatalFailure()) return;
    session("s", "echo s > a; echo s > d/n; mkdir e; echo x > e/x; sync .");
    const Output mv = sh("mv sessions/s commit/");
    EXPECT_NE(mv.exit_code, 0) << "nobody can have answered";
    ASSERT_TRUE(daemon().await_death()) << faults << " was not reached";
    ASSERT_EQ(daemon().take_problems(), "");
    mount();
  }
};
INSTANTIATE_IN_BOTH_MODES(Crash);

constexpr const char* kBefore = "a=1 d/";
constexpr const char* kAfter = "a=s d/ d/n=s e/ e/x=x";

TEST_P(Crash, BeforeTheCatalogCommitsLeavesTheSessionOpen) {
  for (const char* point :
       {"commit.before_seal", "commit.before_apply", "commit.before_catalog_commit"}) {
    SCOPED_TRACE(point);
    die_in_commit(std::string(point) + "=kill");
    if (HasFatalFailure()) return;
    EXPECT_EQ(brief_tree(at("live")), kBefore);
    EXPECT_EQ(head(), "1");
    EXPECT_EQ(brief_tree(at("sessions/s")), kAfter);
    ok("mv sessions/s discard/");
    daemon().unmount();
  }
  mount();
  session("s", "echo s > a; echo s > d/n; mkdir e; echo x > e/x");
  ok("mv sessions/s commit/");
  EXPECT_EQ(brief_tree(at("live")), kAfter);
}

TEST_P(Crash, AfterTheCatalogCommittedLeavesTheVersion) {
  die_in_commit("commit.after_catalog_commit=kill");
  if (HasFatalFailure()) return;
  EXPECT_EQ(brief_tree(at("live")), kAfter);
  EXPECT_EQ(head(), "2");
  EXPECT_EQ(ok("ls -A sessions"), "");
  EXPECT_EQ(brief_tree(at("commit/s")), kAfter);
}

TEST_P(Crash, AnOpenSessionComesBackAndCanBeCommitted) {
  die_in_commit("commit.before_apply=kill");
  if (HasFatalFailure()) return;
  ok("echo more >> sessions/s/d/n; mv sessions/s commit/");
  EXPECT_EQ(brief_tree(at("live")), "a=s d/ d/n=s\nmore e/ e/x=x");
}

TEST_P(Crash, WhatWasFsyncedInASessionIsThereAfterAKill) {
  mount();
  session("s",
          "python3 -c '\nimport os\n"
          "for i in range(50):\n"
          "  fd = os.open(\"f%d\" % i, os.O_CREAT | os.O_WRONLY)\n"
          "  os.write(fd, b\"%d\\n\" % i); os.fsync(fd); os.close(fd)\n"
          "os.rename(\"f0\", \"d/renamed\"); os.unlink(\"a\")\n"
          "fd = os.open(\".\", os.O_RDONLY); os.fsync(fd)\n'");
  remount_after_kill();
  for (int i = 1; i < 50; ++i) {
    EXPECT_EQ(read("sessions/s/f" + std::to_string(i)), std::to_string(i) + "\n");
  }
  EXPECT_EQ(read("sessions/s/d/renamed"), "0\n");
  EXPECT_EQ(sh("ls sessions/s/a sessions/s/f0").exit_code, 2);
  ok("mv sessions/s commit/");
  EXPECT_EQ(ok("ls live | wc -l"), "50");
}

TEST_P(Crash, AttributesAndTheMessageThatWereSyncedComeBack) {
  mount();
  session("s",
          "echo n > n; chmod 2750 d; chown 3:4 n; setfattr -n user.k -v v n; ln -s x l; ln n m; "
          "touch -d '2001-02-03 04:05:06.7' n; echo why > .commitfs/message; "
          "python3 -c 'import os; os.fsync(os.open(\".\", os.O_RDONLY)); os.fsync(os.open(\"n\", "
          "os.O_RDONLY))'");
  const auto before = detailed_tree(at("sessions/s"));
  remount_after_kill();
  EXPECT_EQ(detailed_tree(at("sessions/s")), before);
  EXPECT_EQ(read("sessions/s/.commitfs/message"), "why\n");
}

TEST_P(Crash, CommittedVersionsAndReceiptsSurviveAKill) {
  mount();
  for (int i = 1; i <= 10; ++i)
    commit("s" + std::to_string(i), "echo " + std::to_string(i) + " > a");
  remount_after_kill();
  EXPECT_EQ(head(), "11");
  EXPECT_EQ(read("live/a"), "10\n");
  EXPECT_EQ(read("snapshots/5/a"), "4\n");
  EXPECT_EQ(ok("ls commit | wc -l"), "10");
}

TEST_P(Crash, ADiscardedSessionDoesNotComeBackOnceTheNextMountSawItGone) {
  mount();
  session("s", "echo n > n");
  ok("mv sessions/s discard/");
  daemon().unmount();
  mount();
  EXPECT_EQ(ok("ls -A sessions"), "");
  EXPECT_EQ(ok("find $TABLE/.commitfs/objects -type f | wc -l"), "1");
}

TEST_P(Crash, AnAdoptionThatDiedIsBegunAnew) {
  for (const char* point : {"adoption.object", "adoption.linked", "adoption.before_commit"}) {
    SCOPED_TRACE(point);
    const Output died =
        sh("mkdir -p $SCRATCH/t/d; echo 1 > $SCRATCH/t/a; echo 2 > $SCRATCH/t/d/b; "
           "COMMITFS_FAULTS=" +
           std::string(point) + "=kill $COMMITFS init $SCRATCH/t");
    ASSERT_EQ(died.exit_code, 137) << point << " was not reached" << died;
    EXPECT_EQ(ok("$COMMITFS init $SCRATCH/t > /dev/null; cat $SCRATCH/t/a $SCRATCH/t/d/b; "
                 "$COMMITFS log $SCRATCH/t | wc -l; rm -r $SCRATCH/t"),
              "1\n2\n1");
  }
}

TEST_P(Crash, AFullDiskInTheCommitIsEnospcAndLeavesTheSession) {
  mount({"COMMITFS_FAULTS=commit.before_catalog_commit=errno:28@1"});
  session("s", "echo s > a");
  EXPECT_THAT(sh("mv sessions/s commit/"), FailedWith("No space left on device"));
  EXPECT_EQ(brief_tree(at("sessions/s")), "a=s d/");
  EXPECT_EQ(head(), "1");
  ok("mv sessions/s commit/");
  EXPECT_EQ(read("live/a"), "s\n");
}

TEST_P(Crash, OthersWorkOnWhileACommitIsSealing) {
  mount({"COMMITFS_FAULTS=commit.before_seal=wait:" + scratch().string() + "/seal@1"});
  session("t", "");
  session("s", "echo s > a");
  auto mover = start("mv sessions/s commit/");
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(scratch() / "seal.reached"); }));
  // Not from one directory to another: that waits, see RENAME in the kernel's own locks.
  ok("cd sessions/t; echo t > n; cat a; mkdir m; mv n k; rm -r m; cat ../../live/a ../s/a");
  // A new name in the session's root would wait as well: the kernel locks a directory while it is
  // moved.
  EXPECT_THAT(sh("python3 -c \"open('sessions/s/a', 'r+')\""), FailedWith("Read-only file system"));
  EXPECT_TRUE(mover->running());
  ok("touch $SCRATCH/seal.go");
  EXPECT_THAT(mover->finish(), Succeeded());
  EXPECT_EQ(read("live/a"), "s\n");
}

}  // namespace
}  // namespace commitfs::test
