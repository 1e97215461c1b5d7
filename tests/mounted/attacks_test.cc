// What a hostile user of a mount, who is not root, tries, and what he gets.
#include <unistd.h>

#include <fstream>

#include "tests/support/mount_fixture.h"
#include "tests/support/tree_listing.h"

namespace commitfs::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// $SCRATCH/secret is root's alone, and the table has a link to it from before it was one.
class Attacks : public MountedTest {
 protected:
  std::string adopted() const override {
    return "echo secret > ../scratch/secret; chmod 600 ../scratch/secret; chmod 777 .; "
           "echo 1 > a; chmod 666 a; ln -s $(realpath ../scratch/secret) link; ln -s ../.. up";
  }
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can act as another user";
    MountedTest::SetUp();
  }

  long daemon_kib() {
    std::ifstream status("/proc/" + std::to_string(daemon().pid()) + "/status");
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("VmHWM:")) return std::stol(line.substr(6));
    }
    return -1;
  }
};
INSTANTIATE_IN_BOTH_MODES(Attacks);

TEST_P(Attacks, AMountTakesNoSetuidProgramAndNoDevice) {
  EXPECT_THAT(ok("grep \" $MOUNT \" /proc/self/mounts"), HasSubstr("nosuid,nodev"));
  session("s", "cp /usr/bin/id .; chmod 4755 id");
  EXPECT_EQ(sh_as_nobody("sessions/s/id -u").out, "65534\n");
}

TEST_P(Attacks, ASymbolicLinkLeadsNowhereThatItsReaderMayNotGo) {
  EXPECT_THAT(sh_as_nobody("mkdir sessions/s; cat sessions/s/link"),
              FailedWith("Permission denied"));
  EXPECT_THAT(sh_as_nobody("echo x >> sessions/s/link"), FailedWith("Permission denied"));
  EXPECT_THAT(sh_as_nobody("cat live/link"), FailedWith("Permission denied"));
  ASSERT_THAT(sh_as_nobody("ln -s $SCRATCH/secret sessions/s/mine; mv sessions/s commit/"),
              Succeeded());
  for (const char* view : {"live", "snapshots/2", "commit/s"})
    EXPECT_THAT(sh_as_nobody(std::string("cat ") + view + "/mine"),
                FailedWith("Permission denied"));
  EXPECT_EQ(ok("cat $SCRATCH/secret"), "secret");
}

TEST_P(Attacks, NoSymbolicLinkIsFollowedIntoTheStore) {
  EXPECT_EQ(ok("find $TABLE/.commitfs -samefile $SCRATCH/secret"), "");
  commit("s", "ln -s $SCRATCH/secret other; cp -P other third; echo 2 > a");
  EXPECT_EQ(ok("find $TABLE/.commitfs -samefile $SCRATCH/secret"), "");
  EXPECT_EQ(ok("readlink live/other live/third"),
            (scratch() / "secret").native() + "\n" + (scratch() / "secret").native());
}

TEST_P(Attacks, NamesOfAnyBytesAreWholeInEveryReport) {
  session("s",
          "printf x > $'new\\nline'; printf y > $'\\xff\\xfe'; printf z > $'a\\tq\"u'; echo 2 > a");
  EXPECT_EQ(ok("sort sessions/s/.commitfs/diff"),
            "A\t\"\\377\\376\"\nA\t\"a\\tq\\\"u\"\nA\t\"new\\nline\"\nM\ta");
  commit("first", "printf q > $'new\\nline'; printf 3 > $'\\xff\\xfe'");
  EXPECT_THAT(sh("mv sessions/s commit/"), FailedWith("Operation canceled"));
  EXPECT_EQ(ok("python3 -c 'import json; print(len(json.load(open(\"sessions/s/.commitfs/"
               "conflicts.json\"))[\"conflicts\"]))'"),
            "2");
  EXPECT_THAT(read("sessions/s/.commitfs/conflicts"), Not(HasSubstr("new\nline")));
  ok("python3 -c 'import json; json.load(open(\".commitfs/status\"))'");
  EXPECT_EQ(read("live/new\nline"), "q");
  EXPECT_EQ(read("live/\xff\xfe"), "3");
}

TEST_P(Attacks, AnotherUsersSettingsCannotBeWritten) {
  session("s", "");
  for (const char* name : {"isolation", "require", "frozen", "early", "operation", "replace",
                           "recovered", "message", "base", "token", "meta/k"}) {
    EXPECT_THAT(sh_as_nobody(std::string("echo 1 > sessions/s/.commitfs/") + name),
                FailedWith("Permission denied"))
        << name;
  }
  EXPECT_THAT(sh_as_nobody("echo 'empty = record' > .commitfs/config"),
              FailedWith("Permission denied"));
}

TEST_P(Attacks, AttributesOfOtherNamespacesAreForThoseWhoMay) {
  ASSERT_THAT(sh_as_nobody("mkdir sessions/s"), Succeeded());
  for (const char* name : {"trusted.k", "security.k", "user.commitfs.seq_no"}) {
    EXPECT_THAT(sh_as_nobody(std::string("setfattr -n ") + name + " -v 1 sessions/s/a"),
                FailedWith("Operation not permitted"))
        << name;
  }
  EXPECT_THAT(sh_as_nobody("setfattr -n system.k -v 1 sessions/s/a"),
              FailedWith("Operation not supported"));
  EXPECT_THAT(sh_as_nobody("setfattr -n user.k -v \"$(head -c 70000 /dev/zero | tr '\\0' x)\" "
                           "sessions/s/a"),
              FailedWith(""));
  EXPECT_EQ(read("sessions/s/.commitfs/diff"), "");
}

TEST_P(Attacks, AControlValueWithoutEndIsRefusedSoonAndTakesNoMemory) {
  ASSERT_THAT(sh_as_nobody("mkdir sessions/s"), Succeeded());
  for (const char* name : {"message", "require", "replace", "token", "meta/k"}) {
    const Output refused = sh_as_nobody(
        std::string("head -c 1G /dev/zero | tr '\\0' a > sessions/s/.commitfs/") + name);
    EXPECT_NE(refused.exit_code, 0) << name;
    EXPECT_THAT(refused.err, Not(IsEmpty())) << name;
  }
  EXPECT_LT(daemon_kib(), 400'000);
  // What came first was a value, until there was too much of it.
  EXPECT_LE(read("sessions/s/.commitfs/message").size(), 64U * 1024 + 1);
  EXPECT_THAT(sh_as_nobody("echo short > sessions/s/.commitfs/message"), Succeeded());
  EXPECT_EQ(read("sessions/s/.commitfs/message"), "short\n");
}

TEST_P(Attacks, PathsThatLeadOutAreNone) {
  ASSERT_THAT(sh_as_nobody("mkdir sessions/s"), Succeeded());
  EXPECT_THAT(sh_as_nobody("echo ../x > sessions/s/.commitfs/replace"), FailedWith(""));
  EXPECT_THAT(sh_as_nobody("mkdir 'sessions/t@..'"), FailedWith("No such file or directory"));
  EXPECT_THAT(sh_as_nobody("ls snapshots/99999999999999999999999999"),
              FailedWith("No such file or directory"));
  EXPECT_THAT(sh_as_nobody("mkdir sessions/.commitfs/x sessions/s/.commitfs/x"), FailedWith(""));
  EXPECT_THAT(sh_as_nobody("ls sessions/s/.."), Succeeded());
  EXPECT_EQ(ok("stat -c %i sessions/s/../.."), ok("stat -c %i ."));
  EXPECT_EQ(ok("ls sessions"), "s");
}

TEST_P(Attacks, ATableOfRootsIsClosedToOtherUsersDaemonsAndTools) {
  daemon().unmount();
  ok("mkdir $SCRATCH/mnt; chmod 777 $SCRATCH/mnt");
  for (const char* verb :
       {"mount $TABLE $SCRATCH/mnt", "init $TABLE", "fsck $TABLE", "gc $TABLE"}) {
    const Output refused = sh_as_nobody(std::string("$COMMITFS ") + verb);
    EXPECT_NE(refused.exit_code, 0) << verb;
    EXPECT_THAT(refused.err, HasSubstr("ermission denied")) << verb;
  }
  mount();
  EXPECT_EQ(brief_tree(at("live")), "a=1 link->" + (scratch() / "secret").native() + " up->../..");
}

}  // namespace
}  // namespace commitfs::test
