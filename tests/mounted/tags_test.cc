#include <unistd.h>

#include "tests/support/mount_fixture.h"

// tags/ by the programs a user has: ln, mv, rm.

namespace commitfs::test {
namespace {

class TagsOfMount : public MountedTest {
 protected:
  std::string adopted() const override { return "chmod 755 .; echo 1 > a"; }
  void SetUp() override {
    MountedTest::SetUp();
    if (IsSkipped()) return;
    commit("s", "echo 2 > a");
    commit("t", "echo 3 > a");
  }
};
INSTANTIATE_IN_BOTH_MODES(TagsOfMount);

TEST_P(TagsOfMount, ATagLeadsToItsVersion) {
  ok("ln -s 2 tags/good; ln -s latest tags/now; ln -s good tags/same");
  EXPECT_EQ(ok("ls tags; readlink tags/*"),
            "good\nnow\nsame\n../snapshots/2\n../snapshots/3\n../snapshots/2");
  EXPECT_EQ(ok("cat tags/good/a snapshots/good/a"), "2\n2");
  EXPECT_EQ(ok("readlink snapshots/good"), "2");
}

TEST_P(TagsOfMount, ASessionBeginsAtATag) {
  ok("ln -s 1 tags/first; mkdir sessions/fix@first");
  EXPECT_EQ(read("sessions/fix@first/a"), "1\n");
}

TEST_P(TagsOfMount, IsReplacedAndRemoved) {
  ok("ln -s 1 tags/good; ln -sfn 2 tags/good");
  EXPECT_EQ(ok("ls tags; readlink tags/good; cat tags/good/a"), "good\n../snapshots/2\n2");
  EXPECT_THAT(sh("ln -s 3 tags/good/"), FailedWith(""));
  EXPECT_THAT(sh("ln -sn 3 tags/good"), FailedWith("File exists"));
  ok("mv tags/good tags/better; cat tags/better/a");
  EXPECT_THAT(sh("cat tags/good/a"), FailedWith("No such file"));
  ok("rm tags/better");
  EXPECT_EQ(ok("ls -A tags"), "");
  EXPECT_THAT(sh("rm tags/better"), FailedWith("No such file"));
}

TEST_P(TagsOfMount, OutlivesTheMount) {
  ok("ln -s 2 tags/good");
  remount_after_kill();
  EXPECT_EQ(ok("cat tags/good/a"), "2");
}

TEST_P(TagsOfMount, OnlyGoodNamesForVersionsThatAreThere) {
  EXPECT_THAT(sh("ln -s 9 tags/good"), FailedWith("No such file"));
  EXPECT_THAT(sh("ln -s live/a tags/good"), FailedWith("Invalid argument"));
  for (const char* name : {"7", "latest", "a@b", "2026-11-20T18:00:00Z"})
    EXPECT_THAT(sh(std::string("ln -s 1 tags/") + name), FailedWith("Invalid argument")) << name;
  EXPECT_THAT(sh("mkdir tags/d"), FailedWith("Operation not permitted"));
  EXPECT_THAT(sh("echo x > tags/f"), FailedWith("Operation not permitted"));
  EXPECT_EQ(ok("ls -A tags"), "");
}

TEST_P(TagsOfMount, NothingMovesInOrOut) {
  ok("ln -s 1 tags/good; mkdir sessions/u; ln -s x sessions/u/link");
  EXPECT_THAT(sh("mv tags/good snapshots/"), FailedWith(""));
  EXPECT_THAT(sh("mv -T sessions/u/link tags/other"), FailedWith(""));
  EXPECT_THAT(sh("mv -T sessions/u tags/u"), FailedWith("Operation not permitted"));
  EXPECT_EQ(ok("ls -A tags"), "good");
}

TEST_P(TagsOfMount, AreInTheLog) {
  ok("ln -s 2 tags/good; ln -s 2 tags/best");
  EXPECT_EQ(ok("cut -f 1,8 .commitfs/log"), "3\n2\tbest good\n1");
  EXPECT_EQ(ok("$COMMITFS log . | cut -f 1,8"), "3\n2\tbest good\n1");
  EXPECT_EQ(ok("$COMMITFS log --json . | grep -c '\"tags\":\\[\"best\",\"good\"\\]'"), "1");
}

TEST_P(TagsOfMount, WhoMayCommitMayTag) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can act as another user";
  EXPECT_THAT(sh_as_nobody("ln -s 1 tags/mine"), FailedWith("Permission denied"));
  ok("ln -s 1 tags/good");
  EXPECT_THAT(sh_as_nobody("rm -f tags/good"), FailedWith("Permission denied"));
  ok("chmod 777 $TABLE");
  EXPECT_THAT(sh_as_nobody("ln -s 1 tags/mine"), Succeeded());
  EXPECT_EQ(ok("stat -c %U tags/mine"), "nobody");
}

}  // namespace
}  // namespace commitfs::test
