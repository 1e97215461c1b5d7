// The ioctl itself: who waits for whom, who may, and what becomes of a caller that is killed.
#include <unistd.h>

#include "tests/support/mount_fixture.h"
#include "tests/support/tree_listing.h"

namespace commitfs::test {
namespace {

using ::testing::HasSubstr;

class CommitIoctl : public MountedTest {
 protected:
  std::string adopted() const override { return "chmod 777 .; echo 1 > a; chmod 666 a"; }
  bool mounts_at_once() const override { return false; }

  /// Mounts; faults at these points may wait for scratch files.
  void mount_with(const std::string& faults) { mount({"COMMITFS_FAULTS=" + faults}); }
  std::string wait_at(const std::string& point) {
    return point + "=wait:" + (scratch() / "hold").native() + "@1";
  }
  bool held() {
    return eventually([&] { return std::filesystem::exists(scratch() / "hold.reached"); });
  }
  void let_go() { ok("touch $SCRATCH/hold.go"); }
  std::string states() { return ok("cat sessions/*/.commitfs/status | grep -c freezing || true"); }

  /// As nobody, or with these groups: the ioctl without the program, which others may not be able
  /// to run. Prints the errno's name, or "done".
  static std::string raw(const std::string& arguments, const std::string& fields = "") {
    return "python3 -c 'import errno, fcntl, os, struct, sys\n"
           "fields = dict(format=1, reserved=0, receipt=b\"\")\n"
           "fields.update(dict(" +
           fields +
           "))\n"
           "value = struct.pack(\"=IiQQ256s\", fields[\"format\"], 0, 0, fields[\"reserved\"], "
           "fields[\"receipt\"])\n"
           "fd = os.open(sys.argv[1], os.O_RDONLY)\n"
           "try:\n"
           " value = fcntl.ioctl(fd, 0xC118CF01, value)\n"
           " print(\"done\", struct.unpack(\"=IiQB263s\", value)[1:4])\n"
           "except OSError as error: print(errno.errorcode[error.errno])' " +
           arguments;
  }
};
INSTANTIATE_IN_BOTH_MODES(CommitIoctl);

TEST_P(CommitIoctl, AnswersInTheArgument) {
  mount();
  session("s", "echo s > a");
  EXPECT_EQ(ok(raw("sessions/s", "receipt=b\"other\"")), "done (0, 2, 1)");
  EXPECT_EQ(ok("ls commit"), "other");
  EXPECT_EQ(ok(raw("commit/other")), "done (0, 2, 0)");
  EXPECT_EQ(ok("ls commit"), "other");
}

TEST_P(CommitIoctl, WhatItDoesNotKnowIsRefused) {
  mount();
  session("s", "echo s > a; mkdir d");
  EXPECT_EQ(ok(raw("sessions/s", "format=2")), "EINVAL");
  EXPECT_EQ(ok(raw("sessions/s", "reserved=256")), "EINVAL");
  EXPECT_EQ(ok(raw("sessions/s", "receipt=b\"x\" * 256")), "EINVAL");
  EXPECT_EQ(ok(raw("sessions/s", "receipt=b\".commitfs\"")), "EPERM");
  EXPECT_EQ(ok(raw("sessions/s", "receipt=b\"a/b\"")), "EPERM");
  for (const char* path : {"sessions/s/d", "sessions/s/a", "live", "sessions", ".", "snapshots/1",
                           "sessions/s/.commitfs"}) {
    EXPECT_EQ(ok(raw(path)), "ENOTTY") << path;
  }
  EXPECT_EQ(head(), "1");
  EXPECT_EQ(ok("ls sessions"), "s");
}

TEST_P(CommitIoctl, WhoeverWaitsSharesATransaction) {
  // The fifth transaction would fail: eight commits take fewer.
  mount_with(wait_at("commit.before_catalog_commit") + ",commit.before_catalog_commit=errno:5@5");
  for (int i = 0; i < 8; ++i)
    session("s" + std::to_string(i), "echo > n" + std::to_string(i));
  const auto first = start("$COMMITFS commit s0");
  ASSERT_TRUE(held());
  const auto others = start("$COMMITFS commit s1 s2 s3 s4 s5 s6 s7");
  EXPECT_TRUE(eventually([&] { return states() == "8"; })) << states();
  let_go();
  EXPECT_THAT(first->finish(), Succeeded());
  EXPECT_THAT(others->finish(), Succeeded());
  EXPECT_EQ(head(), "9");
}

TEST_P(CommitIoctl, ASlowOneDelaysNeitherCommitsNorNames) {
  mount_with(wait_at("commit.before_seal"));
  session("slow", "echo slow > n");
  const auto slow = start("$COMMITFS commit slow");
  ASSERT_TRUE(held());
  session("quick", "echo quick > a");
  ok("$COMMITFS commit quick; ls sessions; mkdir sessions/x; rmdir sessions/x");
  session("moved", "echo moved > m");
  ok("mv sessions/moved commit/");
  EXPECT_EQ(head(), "3");
  EXPECT_TRUE(slow->running());
  EXPECT_EQ(sh("$COMMITFS commit slow").exit_code, 83);
  let_go();
  EXPECT_THAT(slow->finish(), Succeeded());
  EXPECT_EQ(brief_tree(at("commit/slow")), "a=quick m=moved n=slow");
}

TEST_P(CommitIoctl, OfACallerThatWasKilledItFinishes) {
  mount_with(wait_at("commit.before_seal"));
  session("s", "echo s > a");
  const auto caller = start("exec $COMMITFS commit s");
  ASSERT_TRUE(held());
  caller->process().signal(SIGKILL);
  let_go();
  caller->finish();
  EXPECT_TRUE(eventually([&] { return head() == "2"; }));
  EXPECT_EQ(read("live/a"), "s\n");
  EXPECT_EQ(ok("ls sessions"), "");
}

TEST_P(CommitIoctl, AnOldHandleNeverCommitsANewSessionOfItsName) {
  mount();
  session("s", "echo s > a");
  const auto again = start(
      "exec 3< sessions/s; mv sessions/s commit/; mkdir sessions/s; "
      "echo new > sessions/s/n; " +
      raw("/dev/fd/3"));
  EXPECT_EQ(again->finish().out, "done (0, 2, 0)\n");
  EXPECT_EQ(ok("ls sessions"), "s");
  EXPECT_EQ(head(), "2");
}

TEST_P(CommitIoctl, OfADiscardedSessionThereIsNone) {
  mount();
  session("s", "echo s > a");
  EXPECT_EQ(ok("exec 3< sessions/s; mv sessions/s discard/; " + raw("/dev/fd/3")), "ENOENT");
  EXPECT_EQ(head(), "1");
}

TEST_P(CommitIoctl, IsForThoseWhoMayWriteToCommit) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can act as another user";
  mount();
  ok("chown 0:4242 $TABLE; chmod 775 $TABLE");
  EXPECT_THAT(sh_as_nobody("mkdir sessions/s && echo n > sessions/s/a"), Succeeded());
  EXPECT_EQ(sh_as_nobody(raw("sessions/s")).out, "EACCES\n");
  EXPECT_EQ(head(), "1");
  EXPECT_EQ(ok("PATH=/usr/bin:/bin setpriv --reuid=65534 --regid=65534 --groups=7,4242 " +
               raw("sessions/s")),
            "done (0, 2, 1)");
  EXPECT_THAT(ok("head -1 .commitfs/log"), HasSubstr("nobody"));
}

TEST_P(CommitIoctl, IsForTheMakerAndRoot) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can act as another user";
  mount();
  session("s", "echo mine > a");
  EXPECT_EQ(sh_as_nobody(raw("sessions/s")).out, "EACCES\n");
  EXPECT_THAT(sh_as_nobody("mkdir sessions/t && echo n > sessions/t/n"), Succeeded());
  EXPECT_EQ(head(), "1");
  EXPECT_EQ(ok(raw("sessions/t")), "done (0, 2, 1)");
}

}  // namespace
}  // namespace commitfs::test
