#include <sys/stat.h>

#include <chrono>

#include "tests/support/mount_fixture.h"
#include "tests/support/tree_listing.h"

namespace commitfs::test {
namespace {

using ::testing::HasSubstr;

class Sessions : public MountedTest {
 protected:
  std::string adopted() const override { return "mkdir d; echo 1 > a; echo 1 > d/b"; }
};
INSTANTIATE_IN_BOTH_MODES(Sessions);

TEST_P(Sessions, BeginsAtTheHeadAndSeesOnlyItsOwnChanges) {
  session("s", "echo s > new; rm a");
  session("t", "");
  EXPECT_EQ(brief_tree(at("sessions/s")), "d/ d/b=1 new=s");
  EXPECT_EQ(brief_tree(at("sessions/t")), "a=1 d/ d/b=1");
  EXPECT_EQ(brief_tree(at("live")), "a=1 d/ d/b=1");
}

TEST_P(Sessions, DoNotSeeWhatOthersCommitMeanwhile) {
  session("s", "");
  commit("t", "echo 2 > a; rm d/b; echo n > d/n");
  EXPECT_EQ(brief_tree(at("sessions/s")), "a=1 d/ d/b=1");
}

TEST_P(Sessions, BeginAtAnOlderVersionWithAtSign) {
  commit("s", "echo 2 > a");
  session("old@1", "");
  EXPECT_EQ(read("sessions/old@1/a"), "1\n");
  EXPECT_EQ(ok("cat sessions/old@1/.commitfs/base"), "1");
  EXPECT_EQ(ok("mkdir sessions/new@latest; cat sessions/new@latest/a"), "2");
}

TEST_P(Sessions, BeginAtAVersionThatIsNotThereIsRefused) {
  EXPECT_THAT(sh("mkdir sessions/s@99"), FailedWith("No such file or directory"));
  EXPECT_EQ(ok("ls -A sessions"), "");
}

TEST_P(Sessions, ANameIsTakenOnlyOnce) {
  session("s", "");
  EXPECT_THAT(sh("mkdir sessions/s"), FailedWith("File exists"));
}

TEST_P(Sessions, TheControlDirectorysNameIsReserved) {
  EXPECT_THAT(sh("mkdir sessions/.commitfs"), FailedWith(""));
  session("s", "");
  EXPECT_THAT(sh("cd sessions/s; rm -r .commitfs"), FailedWith(""));
  EXPECT_THAT(sh("cd sessions/s; mv .commitfs x"), FailedWith(""));
  EXPECT_THAT(sh("cd sessions/s; mv a .commitfs"), FailedWith(""));
  EXPECT_EQ(ok("ls -A sessions/s"), "a\nd");
}

TEST_P(Sessions, FilesCannotBeMadeBesideSessions) {
  EXPECT_THAT(sh("touch sessions/x"), FailedWith(""));
  EXPECT_THAT(sh("ln -s a sessions/x"), FailedWith(""));
  EXPECT_EQ(ok("ls -A sessions"), "");
}

TEST_P(Sessions, AWorkingDirectoryKeepsItsNameWhenTheBaseMovesForward) {
  session("s", "echo n > n");
  commit("other", "echo 2 > other");
  const Output output = sh(
      "cd sessions/s && echo head > .commitfs/base && readlink /proc/self/cwd && cat other && ls");
  EXPECT_EQ(output.out, at("sessions/s").native() + "\n2\na\nd\nn\nother\n") << output;
}

TEST_P(Sessions, AWorkingDirectoryGetsTheReceiptsNameWhenItsSessionIsCommitted) {
  session("s", "echo n > n");
  commit("other", "echo 2 > other");
  const Output output =
      sh("cd sessions/s && mv ../../sessions/s ../../commit/ && "
         "until [ \"$(readlink /proc/self/cwd)\" = $MOUNT/commit/s ]; do :; done; cat other n");
  EXPECT_EQ(output.out, "2\nn\n") << output;
}

TEST_P(Sessions, CanBeRenamed) {
  session("s", "echo x > n");
  ok("mv sessions/s sessions/t");
  EXPECT_EQ(ok("ls sessions"), "t");
  ok("mv sessions/t commit/");
  EXPECT_EQ(brief_tree(at("live")), "a=1 d/ d/b=1 n=x");
  EXPECT_THAT(ok("cat .commitfs/log"), HasSubstr("t"));
}

TEST_P(Sessions, RmdirOfOneThatChangedNothingRemovesIt) {
  session("s", "cat a; ls d");
  ok("rmdir sessions/s");
  EXPECT_EQ(ok("ls -A sessions"), "");
}

TEST_P(Sessions, RmdirOfOneThatChangedSomethingIsRefused) {
  session("s", "rm a");
  EXPECT_THAT(sh("rmdir sessions/s"), FailedWith("Directory not empty"));
  EXPECT_EQ(brief_tree(at("sessions/s")), "d/ d/b=1");
}

TEST_P(Sessions, DiscardDropsEverything) {
  session("s", "echo x > n; rm a");
  ok("mv sessions/s discard/");
  EXPECT_EQ(ok("ls -A sessions discard"), "discard:\n\nsessions:");
  EXPECT_EQ(head(), "1");
  EXPECT_EQ(brief_tree(at("live")), "a=1 d/ d/b=1");
}

TEST_P(Sessions, TheNameOfADiscardedOneCanBeUsedAgain) {
  session("s", "echo x > n");
  ok("mv sessions/s discard/");
  session("s", "echo y > m");
  EXPECT_EQ(brief_tree(at("sessions/s")), "a=1 d/ d/b=1 m=y");
  ok("mv sessions/s discard/");
  session("s", "");
  EXPECT_EQ(brief_tree(at("sessions/s")), "a=1 d/ d/b=1");
}

TEST_P(Sessions, DiscardOfABigOneIsAsQuickAsOfATinyOne) {
  session("big", "mkdir many; cd many; seq 1 20000 | xargs touch");
  const auto start = std::chrono::steady_clock::now();
  ok("mv sessions/big discard/");
  EXPECT_LT(std::chrono::steady_clock::now() - start, scaled(std::chrono::milliseconds(500)));
  EXPECT_EQ(ok("ls -A sessions"), "");
}

TEST_P(Sessions, AFileHeldOpenOutlivesTheDiscard) {
  session("s", "echo kept > n");
  EXPECT_EQ(ok("exec 3< sessions/s/n; mv sessions/s discard/; cat <&3"), "kept");
}

TEST_P(Sessions, BodiesOfADiscardedOneAreRemovedFromTheStore) {
  session("s", "head -c 1000000 /dev/zero > big");
  const std::string find = "find $TABLE/.commitfs/objects -size +900k | wc -l";
  EXPECT_EQ(ok(find), "1");
  ok("mv sessions/s discard/");
  EXPECT_TRUE(eventually([&] { return ok(find) == "0"; }));
}

TEST_P(Sessions, BodiesOfUnlinkedFilesAreRemovedFromTheStore) {
  session("s", "head -c 1000000 /dev/zero > big; rm big");
  EXPECT_TRUE(
      eventually([&] { return ok("find $TABLE/.commitfs/objects -size +900k | wc -l") == "0"; }));
}

TEST_P(Sessions, ALongNameIsRefusedAndAnOddOneWorks) {
  EXPECT_THAT(sh("mkdir sessions/$(printf '%0256d' 1)"), FailedWith("File name too long"));
  ok("mkdir $'sessions/a b\\n\"c\\xff'; echo x > $'sessions/a b\\n\"c\\xff/n'; mv sessions/a* "
     "commit/");
  EXPECT_EQ(brief_tree(at("live")), "a=1 d/ d/b=1 n=x");
}

TEST_P(Sessions, AHundredAtOnceAllLand) {
  ok("for i in $(seq 100); do mkdir sessions/s$i; echo $i > sessions/s$i/f$i; done");
  ok("mv sessions/* commit/");
  EXPECT_EQ(ok("cat live/f* | sort -n | md5sum"), ok("seq 100 | md5sum"));
  EXPECT_EQ(head(), "101");
}

}  // namespace
}  // namespace commitfs::test
