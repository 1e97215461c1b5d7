// Two users on one mount: a session is its maker's.
#include <unistd.h>

#include "tests/support/mount_fixture.h"
#include "tests/support/tree_listing.h"

namespace commitfs::test {
namespace {

using ::testing::HasSubstr;

class Users : public MountedTest {
 protected:
  std::string adopted() const override {
    // Who may write to the table's directory may commit.
    return "chmod 777 .; echo 1 > a; mkdir shared; chmod 777 shared; echo 1 > shared/w; chmod 666 "
           "shared/w; "
           "echo secret > secret; chmod 600 secret";
  }
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can act as another user";
    MountedTest::SetUp();
  }
};
INSTANTIATE_IN_BOTH_MODES(Users);

TEST_P(Users, ASessionBelongsToItsMaker) {
  EXPECT_THAT(sh_as_nobody("mkdir sessions/s"), Succeeded());
  EXPECT_EQ(ok("stat -c %u:%g sessions/s"), "65534:65534");
}

TEST_P(Users, FilesMadeBelongToWhoMadeThem) {
  EXPECT_THAT(
      sh_as_nobody(
          "umask 027; mkdir sessions/s && cd sessions/s && echo n > shared/n && mkdir shared/d"),
      Succeeded());
  EXPECT_EQ(ok("stat -c %u:%g:%a sessions/s/shared/n sessions/s/shared/d"),
            "65534:65534:640\n65534:65534:750");
}

TEST_P(Users, PermissionsHoldInAllViews) {
  ok("mkdir sessions/r; chmod 777 sessions/r");
  for (const char* view : {"live", "snapshots/1", "sessions/r"}) {
    EXPECT_THAT(sh_as_nobody(std::string("cat ") + view + "/secret"),
                FailedWith("Permission denied"));
  }
  EXPECT_THAT(sh_as_nobody("echo x > sessions/r/a"), FailedWith("Permission denied"));
}

TEST_P(Users, CommitIsForThoseWhoMayWriteThere) {
  EXPECT_THAT(sh_as_nobody("mkdir sessions/s; echo n > sessions/s/shared/w"), Succeeded());
  ok("chmod 755 $TABLE");
  ASSERT_TRUE(eventually([&] { return ok("stat -c %a commit") == "755"; }));
  EXPECT_THAT(sh_as_nobody("mv sessions/s commit/"), FailedWith("Permission denied"));
  EXPECT_EQ(head(), "1");
  ok("chmod 777 $TABLE");
  ASSERT_TRUE(eventually([&] { return ok("stat -c %a commit") == "777"; }));
  EXPECT_THAT(sh_as_nobody("mv sessions/s commit/"), Succeeded());
  EXPECT_EQ(read("live/shared/w"), "n\n");
}

TEST_P(Users, TheLogNamesTheCommitter) {
  EXPECT_THAT(sh_as_nobody("mkdir sessions/s; echo n > sessions/s/shared/w; mv sessions/s commit/"),
              Succeeded());
  EXPECT_THAT(ok("head -1 .commitfs/log"), HasSubstr("nobody"));
}

TEST_P(Users, AnotherUsersSessionCanNeitherBeCommittedNorDiscardedNorRenamedNorRemoved) {
  session("s", "echo mine > a");
  ok("mkdir sessions/clean");
  for (const char* script : {"mv sessions/s commit/", "mv sessions/s discard/",
                             "mv sessions/s sessions/t", "rmdir sessions/clean"}) {
    const Output refused = sh_as_nobody(script);
    EXPECT_NE(refused.exit_code, 0) << script;
    EXPECT_THAT(refused.err, ::testing::ContainsRegex("Permission denied|Operation not permitted"))
        << script;
  }
  EXPECT_EQ(ok("ls sessions"), "clean\ns");
  EXPECT_EQ(head(), "1");
}

TEST_P(Users, AnotherUsersControlFilesCannotBeWritten) {
  session("s", "");
  for (const char* name : {"message", "base", "token", "meta/k"}) {
    EXPECT_THAT(sh_as_nobody(std::string("echo head > sessions/s/.commitfs/") + name),
                FailedWith("Permission denied"))
        << name;
  }
}

TEST_P(Users, RootMayCommitAndDiscardForOthers) {
  EXPECT_THAT(sh_as_nobody("mkdir sessions/s sessions/t; echo n > sessions/s/shared/w"),
              Succeeded());
  ok("mv sessions/s commit/; mv sessions/t discard/");
  EXPECT_EQ(read("live/shared/w"), "n\n");
}

TEST_P(Users, TheTablesStoreIsClosedToOthers) {
  EXPECT_THAT(sh_as_nobody("ls $TABLE/.commitfs"), FailedWith("Permission denied"));
  EXPECT_EQ(ok("stat -c %a $TABLE/.commitfs"), "700");
}

TEST_P(Users, APrivateTableIsNotOpenedByABegin) {
  commit("private", "chmod 700 .");
  EXPECT_THAT(sh_as_nobody("cat live/a"), FailedWith("Permission denied"));
  EXPECT_THAT(sh_as_nobody("mkdir sessions/spy"), FailedWith("Permission denied"));
  EXPECT_THAT(sh_as_nobody("mkdir sessions/spy@1"), FailedWith("Permission denied"));
  EXPECT_EQ(ok("ls sessions"), "");
  commit("public", "chmod 755 .");
  EXPECT_THAT(sh_as_nobody("mkdir sessions/reader && cat sessions/reader/a"), Succeeded());
  EXPECT_THAT(sh_as_nobody("mkdir sessions/spy@2"), FailedWith("Permission denied"));
}

TEST_P(Users, AStickyRootKeepsWhatIsAnothers) {
  commit("sticky", "chmod 1777 .");
  EXPECT_THAT(sh_as_nobody("mkdir sessions/s; rm -f sessions/s/a"),
              FailedWith("Operation not permitted"));
  EXPECT_THAT(sh_as_nobody("mv sessions/s/a sessions/s/b"), FailedWith("Operation not permitted"));
  EXPECT_THAT(sh_as_nobody("rmdir sessions/s/shared"), FailedWith(""));
  EXPECT_THAT(sh_as_nobody("echo 1 > sessions/s/mine; mv -f sessions/s/mine sessions/s/a"),
              FailedWith("Operation not permitted"));
  EXPECT_THAT(sh_as_nobody("rm sessions/s/mine"), Succeeded());
}

TEST_P(Users, TheModeOfTheRootIsForItsOwnerToChange) {
  EXPECT_THAT(sh_as_nobody("mkdir sessions/s; chmod 700 sessions/s"),
              FailedWith("Operation not permitted"));
  EXPECT_THAT(sh_as_nobody("echo 1 > sessions/s/n; mv sessions/s commit/"), Succeeded());
  EXPECT_EQ(ok("stat -c %a live"), "777");
}

}  // namespace
}  // namespace commitfs::test
