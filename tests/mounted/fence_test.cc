// Two daemons on one table, the lock between them removed: the older one writes nothing any more.
#include <sys/mount.h>
#include <unistd.h>

#include "tests/support/mount_fixture.h"
#include "tests/support/tree_listing.h"

namespace commitfs::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class Fence : public MountedTest {
 protected:
  std::string adopted() const override { return "echo 1 > a; echo 1 > b"; }
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can mount the table at a second place";
    MountedTest::SetUp();
  }
  void TearDown() override {
    if (second_) {
      second_->unmount();
      EXPECT_EQ(second_->take_problems(), "");
      const auto table = second_->table();
      second_.reset();
      EXPECT_EQ(::umount2(table.c_str(), MNT_DETACH), 0);
    }
    MountedTest::TearDown();
  }
  /// The same table under another path, so that nobody sees that it is mounted already.
  void take_over() {
    second_ = std::make_unique<Daemon>(scratch() / "second");
    ASSERT_EQ(
        ::mount(daemon().table().c_str(), second_->table().c_str(), nullptr, MS_BIND, nullptr), 0);
    ok("rm $TABLE/.commitfs/lock");
    ASSERT_TRUE(second_->mount({.passthrough = mode() == IoMode::passthrough}))
        << second_->take_problems();
  }
  std::string ok_in_second(const std::string& script) {
    return ok("cd " + second_->mountpoint().native() + "\n" + script);
  }

  std::unique_ptr<Daemon> second_;
};
INSTANTIATE_IN_BOTH_MODES(Fence);

/// Everything up to here survives a power loss, and so another mount finds it.
constexpr const char* kSync = "python3 -c 'import os; os.fsync(os.open(\".\", os.O_RDONLY))'";

TEST_P(Fence, TheOlderMountCommitsNothingByEitherDoor) {
  session("one", std::string("echo 2 > a; ") + kSync);
  session("two", std::string("echo 2 > b; ") + kSync);
  take_over();
  EXPECT_THAT(sh("mv sessions/one commit/"), FailedWith("Stale file handle"));
  const Output by_ioctl = sh("$COMMITFS commit --mount $MOUNT two");
  EXPECT_EQ(by_ioctl.exit_code, 84);
  EXPECT_THAT(by_ioctl.err, AllOf(HasSubstr("Stale file handle"), HasSubstr("taken over")));
  EXPECT_EQ(sh("$COMMITFS run $MOUNT -- true").exit_code, 125);
  EXPECT_EQ(ok_in_second("readlink snapshots/latest"), "1");
  EXPECT_EQ(ok_in_second("mv sessions/one sessions/two commit/; cat live/a live/b"), "2\n2");
}

TEST_P(Fence, NothingIsWrittenByTheOlderMount) {
  session("one", std::string("echo 2 > a; ") + kSync);
  take_over();
  sh("mv sessions/one commit/");  // now it knows
  for (const char* change : {"echo 3 > sessions/one/b", "rm sessions/one/a", "mkdir sessions/one/d",
                             "chmod 600 sessions/one/a", "echo m > sessions/one/.commitfs/message",
                             "mkdir sessions/three", "mv sessions/one discard/"}) {
    EXPECT_THAT(sh(change), FailedWith("Read-only file system")) << change;
  }
  EXPECT_NE(sh("echo 'empty = record' >> .commitfs/config").exit_code, 0);
  EXPECT_EQ(brief_tree(at("live")), "a=1 b=1");  // reads go on
  EXPECT_EQ(ok_in_second("cat sessions/one/a sessions/one/b"), "2\n1");
  EXPECT_EQ(ok_in_second("mv sessions/one commit/; cat live/a"), "2");
}

TEST_P(Fence, TheNewerMountCommitsBesideTheOlderOne) {
  take_over();
  ok_in_second(
      "mkdir sessions/n; echo 5 > sessions/n/a; mv sessions/n commit/; "
      "mkdir sessions/m; echo 6 > sessions/m/b; mv sessions/m commit/");
  // Nobody told the older mount: the first to find out is a commit or the beginning of a session.
  EXPECT_THAT(sh("mkdir sessions/late"), FailedWith("Read-only file system"));
  EXPECT_EQ(ok_in_second("cat live/a live/b; readlink snapshots/latest"), "5\n6\n3");
}

}  // namespace
}  // namespace commitfs::test
