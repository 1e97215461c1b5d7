// Set-user-ID and set-group-ID bits go with a write by somebody who is not root, as on any file
// system: nobody shall run other bytes with the owner's rights than the owner put there.
#include <unistd.h>

#include "tests/support/mount_fixture.h"
#include "tests/support/process.h"

namespace commitfs::test {
namespace {

class Setuid : public MountedTest {
 protected:
  std::string adopted() const override {
    return "for f in base kept; do echo old > $f; chown 65534:65534 $f; chmod 6755 $f; done";
  }
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can act as another user";
    MountedTest::SetUp();
    ok("mkdir sessions/s; chmod 777 sessions/s");
    ASSERT_THAT(sh_as_nobody("cd sessions/s && echo old > f && chmod 6755 f"), Succeeded());
  }
  std::string mode_of(const std::string& name) { return ok("stat -c %a sessions/s/" + name); }
};
INSTANTIATE_IN_BOTH_MODES(Setuid);

TEST_P(Setuid, GoesWithTheFirstWrite) {
  EXPECT_THAT(sh_as_nobody("cd sessions/s && exec 3>>f && echo new >&3 && stat -c %a f > seen"),
              Succeeded());
  EXPECT_EQ(ok("cat sessions/s/seen"), "755");
  EXPECT_EQ(read("sessions/s/f"), "old\nnew\n");
}

TEST_P(Setuid, GoesWithAWriteToAFileOfTheBase) {
  EXPECT_EQ(mode_of("base"), "6755");
  EXPECT_THAT(sh_as_nobody("echo new >> sessions/s/base"), Succeeded());
  EXPECT_EQ(mode_of("base"), "755");
}

TEST_P(Setuid, GoesWithATruncatingOpen) {
  EXPECT_THAT(sh_as_nobody(": > sessions/s/f"), Succeeded());
  EXPECT_EQ(mode_of("f"), "755");
}

TEST_P(Setuid, GoesWithTruncate) {
  EXPECT_THAT(sh_as_nobody("truncate -s 1 sessions/s/f"), Succeeded());
  EXPECT_EQ(mode_of("f"), "755");
}

TEST_P(Setuid, GoesWithFallocate) {
  EXPECT_THAT(sh_as_nobody("fallocate -l 10000 sessions/s/f"), Succeeded());
  EXPECT_EQ(mode_of("f"), "755");
}

TEST_P(Setuid, GoesWithAChangeOfOwnerByRootToo) {
  ok("chown 1:1 sessions/s/f");
  EXPECT_EQ(mode_of("f"), "755");
}

TEST_P(Setuid, GoesWithAChangeOfOwnerFromWhateverIsNoDirectory) {
  ok("cd sessions/s && mkfifo pipe && mkdir d && mknod dev c 1 3 && chmod 6755 pipe dev d && "
     "chown 1:1 pipe dev d");
  EXPECT_EQ(mode_of("pipe"), "755");
  EXPECT_EQ(mode_of("dev"), "755");
  EXPECT_EQ(mode_of("d"), "6755");
}

TEST_P(Setuid, StaysWithAWriteByRoot) {
  ok("echo new >> sessions/s/kept; echo new >> sessions/s/f");
  EXPECT_EQ(mode_of("kept"), "6755");
  EXPECT_EQ(mode_of("f"), "6755");
}

TEST_P(Setuid, StaysWhereNothingIsWritten) {
  EXPECT_THAT(sh_as_nobody("cd sessions/s && exec 3>>f && exec 3>&- && cat f"), Succeeded());
  EXPECT_EQ(mode_of("f"), "6755");
}

TEST_P(Setuid, GivenToAFileThatIsOpenGoesWhenItIsClosedAfterAWrite) {
  EXPECT_THAT(sh_as_nobody("cd sessions/s && exec 3>g && chmod 6755 g && echo x >&3 && "
                           "exec 3>&-"),
              Succeeded());
  EXPECT_TRUE(eventually([&] { return mode_of("g") == "755"; }));
}

TEST_P(Setuid, GivenToAFileThatIsOpenStaysIfItIsNotWrittenAfterwards) {
  EXPECT_THAT(
      sh_as_nobody(
          "cd sessions/s && exec 3>g && echo x >&3 && chmod 6755 g && touch -d @7 g && exec 3>&-"),
      Succeeded());
  const auto is_closed = [&] {
    return sh("grep 'open for writing' sessions/s/.commitfs/status").exit_code == 1;
  };
  ASSERT_TRUE(eventually(is_closed));
  EXPECT_EQ(mode_of("g"), "6755");
}

}  // namespace
}  // namespace commitfs::test
