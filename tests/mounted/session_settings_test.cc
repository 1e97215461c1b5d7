#include "tests/support/mount_fixture.h"
#include "tests/support/tree_listing.h"

namespace commitfs::test {
namespace {

using ::testing::HasSubstr;

class SessionSettings : public MountedTest {
 protected:
  std::string adopted() const override { return "mkdir d; echo 1 > a; echo 1 > d/b"; }
};
INSTANTIATE_IN_BOTH_MODES(SessionSettings);

TEST_P(SessionSettings, ShowTheirDefaultsAndWhatWasSet) {
  session("s", "");
  EXPECT_EQ(ok("cd sessions/s/.commitfs; cat isolation operation replace frozen"),
            "snapshot\nwrite\n0");
  ok("cd sessions/s/.commitfs; echo serializable > isolation; echo rewrite > operation; "
     "echo d > replace; echo d/e/ >> replace");
  EXPECT_EQ(ok("cd sessions/s/.commitfs; cat isolation operation replace frozen"),
            "serializable\nrewrite\nd\nd/e\n0");
}

TEST_P(SessionSettings, BadValuesAreRefusedByTheWrite) {
  session("s", "echo serializable > .commitfs/isolation; echo d > .commitfs/replace");
  for (const char* bad : {"none > isolation", "snapshot > isolation", "insert > operation",
                          "/d >> replace", "../d >> replace", "yes > frozen", "'' > frozen"}) {
    EXPECT_THAT(sh(std::string("cd sessions/s/.commitfs; echo ") + bad),
                FailedWith("Invalid argument"))
        << bad;
  }
  EXPECT_EQ(ok("cd sessions/s/.commitfs; cat isolation operation replace frozen"),
            "serializable\nwrite\nd\n0");
}

TEST_P(SessionSettings, OutliveTheDaemon) {
  session("s", "echo rewrite > .commitfs/operation; echo 2 > a; echo 1 > .commitfs/frozen; sync a");
  remount_after_kill();
  EXPECT_EQ(ok("cat sessions/s/.commitfs/{operation,frozen}"), "rewrite\n1");
  EXPECT_THAT(sh("echo 3 > sessions/s/a"), FailedWith("Read-only file system"));
}

TEST_P(SessionSettings, FreezeLookThawAndPublish) {
  // The handle that cp closed may not be released yet.
  session("s", "cp a c; echo 1 > .commitfs/frozen");
  for (const char* change : {"echo 2 > a", "echo 2 >> c", "rm a", "mv a x", "mkdir e", "ln a x",
                             "chmod 600 a", "touch n", "truncate -s 0 a", "rmdir d"}) {
    EXPECT_THAT(sh(std::string("cd sessions/s; ") + change), FailedWith("Read-only file system"))
        << change;
  }
  EXPECT_EQ(brief_tree(at("sessions/s")), "a=1 c=1 d/ d/b=1");
  ok("cd sessions/s; echo 0 > .commitfs/frozen; echo 2 > a; echo 1 > .commitfs/frozen");
  ok("echo approved > sessions/s/.commitfs/message; mv sessions/s commit/");
  EXPECT_EQ(brief_tree(at("live")), "a=2 c=1 d/ d/b=1");
  EXPECT_THAT(ok("head -1 .commitfs/log"), HasSubstr("approved"));
}

TEST_P(SessionSettings, AFileOpenForWritingKeepsTheSessionFromFreezing) {
  session("s", "");
  EXPECT_THAT(sh("cd sessions/s; exec 3>> a; echo 1 > .commitfs/frozen"),
              FailedWith("Device or resource busy"));
  EXPECT_EQ(ok("cd sessions/s; cat .commitfs/frozen; echo 2 > a; cat a"), "0\n2");
}

}  // namespace
}  // namespace commitfs::test
