#include "tests/support/mount_fixture.h"
#include "tests/support/tree_listing.h"

namespace commitfs::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ControlFiles : public MountedTest {
 protected:
  std::string adopted() const override { return "echo 1 > a; echo 1 > b; echo 1 > c"; }
};
INSTANTIATE_IN_BOTH_MODES(ControlFiles);

TEST_P(ControlFiles, AreHiddenFromListingsAndFound) {
  session("s", "");
  EXPECT_EQ(ok("ls -A sessions/s"), "a\nb\nc");
  const std::string names = ok("ls -A sessions/s/.commitfs");
  for (const char* name :
       {"status", "base", "diff", "check", "conflicts", "conflicts.json", "message", "meta"}) {
    EXPECT_THAT(names, HasSubstr(name));
  }
}

TEST_P(ControlFiles, AreTextThatEndsWithANewline) {
  session("s", "echo hello > .commitfs/message; echo 2 > a");
  for (const char* name : {"status", "base", "diff", "message"}) {
    const std::string text = read(std::string("sessions/s/.commitfs/") + name);
    EXPECT_TRUE(text.ends_with('\n')) << name << ": " << text;
  }
}

TEST_P(ControlFiles, DiffListsAddedModifiedDeletedAndRenamed) {
  session("s", "echo 2 > a; rm b; mv c d; mkdir e; echo n > e/n");
  const std::string diff = read("sessions/s/.commitfs/diff");
  EXPECT_THAT(diff, HasSubstr("M\ta\n"));
  EXPECT_THAT(diff, HasSubstr("D\tb\n"));
  EXPECT_THAT(diff, HasSubstr("R\tc -> d\n"));
  EXPECT_THAT(diff, HasSubstr("A\te/n\n"));
}

TEST_P(ControlFiles, DiffLeavesOutWhatCameBackToWhatItWas) {
  session("s",
          "echo t > tmp; rm tmp; mv a x; mv x a; exec 3>>b; exec 3>&-; chmod 600 c; chmod 644 c");
  EXPECT_EQ(read("sessions/s/.commitfs/diff"), "");
}

TEST_P(ControlFiles, MessageIsKeptInTheLog) {
  session("s", "echo 2 > a; echo 'nightly load' > .commitfs/message");
  EXPECT_EQ(read("sessions/s/.commitfs/message"), "nightly load\n");
  ok("mv sessions/s commit/");
  EXPECT_THAT(ok("head -1 .commitfs/log"), HasSubstr("nightly load"));
}

TEST_P(ControlFiles, MessageWithoutANewlineAndInTwoWritesWorks) {
  session("s", "echo 2 > a; printf short > .commitfs/message");
  EXPECT_EQ(read("sessions/s/.commitfs/message"), "short\n");
  session("t", "printf '%s' longer > .commitfs/message; echo x > .commitfs/message");
  EXPECT_EQ(read("sessions/t/.commitfs/message"), "x\n");
}

TEST_P(ControlFiles, MetaFilesCanBeMadeReadListedAndRemoved) {
  session("s", "cd .commitfs/meta; echo v1 > job; echo v2 > run.id; echo x > gone; rm gone");
  EXPECT_EQ(ok("ls sessions/s/.commitfs/meta"), "job\nrun.id");
  EXPECT_EQ(read("sessions/s/.commitfs/meta/job"), "v1\n");
  ok("echo 2 > sessions/s/a; mv sessions/s commit/");
  EXPECT_THAT(sh("$COMMITFS log $MOUNT").out, HasSubstr("s"));
}

TEST_P(ControlFiles, BaseTakesOnlyHead) {
  session("s", "");
  for (const char* value : {"nonsense", "99", "-1", "''"}) {
    EXPECT_THAT(sh(std::string("echo ") + value + " > sessions/s/.commitfs/base"),
                FailedWith("Invalid argument"))
        << value;
  }
  EXPECT_EQ(read("sessions/s/.commitfs/base"), "1\n");
}

TEST_P(ControlFiles, ABadTokenIsRefusedByTheWrite) {
  session("s", "");
  EXPECT_THAT(sh("printf '%0300d' 1 > sessions/s/.commitfs/token"), FailedWith("Invalid argument"));
  EXPECT_THAT(sh("printf 'a\\0b' > sessions/s/.commitfs/token"), FailedWith("Invalid argument"));
}

TEST_P(ControlFiles, NothingElseCanBeMadeOrRemovedThere) {
  session("s", "");
  EXPECT_THAT(sh("echo x > sessions/s/.commitfs/other"), FailedWith(""));
  EXPECT_THAT(sh("mkdir sessions/s/.commitfs/dir"), FailedWith(""));
  EXPECT_THAT(sh("rm sessions/s/.commitfs/base"), FailedWith(""));
  EXPECT_THAT(sh("mv sessions/s/.commitfs/base sessions/s/x"), FailedWith(""));
  EXPECT_THAT(sh("echo x > sessions/s/.commitfs/status"), FailedWith(""));
}

TEST_P(ControlFiles, StatusNamesBaseAndCounts) {
  session("s", "echo 2 > a");
  EXPECT_THAT(read("sessions/s/.commitfs/status"), HasSubstr("base"));
}

TEST_P(ControlFiles, CheckOfACleanSessionSaysItWouldLand) {
  session("s", "echo 2 > a");
  const Output check = sh("cat sessions/s/.commitfs/check");
  EXPECT_THAT(check, Succeeded());
  EXPECT_THAT(check.out, Not(HasSubstr("UPDATE")));
  EXPECT_EQ(head(), "1");
}

TEST_P(ControlFiles, ReadersThatComeInPiecesGetOneText) {
  session("s", "for i in $(seq 2000); do echo $i > file_with_a_long_name_$i; done");
  EXPECT_EQ(ok("dd if=sessions/s/.commitfs/diff bs=100 status=none | wc -l"), "2000");
}

TEST_P(ControlFiles, OfTheRootAreReadOnly) {
  EXPECT_THAT(sh("cat .commitfs/status .commitfs/log"), Succeeded());
  EXPECT_THAT(sh("echo x > .commitfs/log"), FailedWith(""));
  EXPECT_THAT(sh("rm .commitfs/status"), FailedWith(""));
}

}  // namespace
}  // namespace commitfs::test
