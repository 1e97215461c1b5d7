#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "tests/support/mount_fixture.h"
#include "tests/support/tree_listing.h"

namespace commitfs::test {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

class Views : public MountedTest {
 protected:
  std::string adopted() const override {
    return "mkdir -p day=1 day=2; echo one > day=1/a; echo two > day=2/b; ln -s day=1/a link";
  }
};
INSTANTIATE_IN_BOTH_MODES(Views);

TEST_P(Views, RootListsTheViewsAndHidesTheControlDirectory) {
  EXPECT_EQ(ok("ls -A"), "commit\ndiscard\nlive\nsessions\nsnapshots\ntags");
  EXPECT_EQ(ok("stat -c %F .commitfs"), "directory");
  EXPECT_EQ(ok("ls -A sessions live"), "live:\nday=1\nday=2\nlink\n\nsessions:");
}

TEST_P(Views, SessionsIsStickyAndOpenToAll) {
  EXPECT_EQ(ok("stat -c %a sessions"), "1777");
}

TEST_P(Views, AdoptedFilesAreVersionOneAndUntouched) {
  EXPECT_EQ(head(), "1");
  EXPECT_EQ(brief_tree(at("live")), "day=1/ day=1/a=one day=2/ day=2/b=two link->day=1/a");
  const std::string details = "stat -c '%a %u:%g %s %y'";
  EXPECT_EQ(ok(details + " live/day=1/a"), ok(details + " $TABLE/day=1/a"));
}

TEST_P(Views, LiveAndSnapshotsAreReadOnly) {
  for (const char* view : {"live", "snapshots/1"}) {
    SCOPED_TRACE(view);
    const std::string in = std::string("cd ") + view + "; ";
    for (const char* script :
         {"echo x > new", "echo x >> day=1/a", "mkdir d", "rm link", "rmdir day=1", "mv link l2",
          "ln day=1/a hard", "ln -s x soft", "chmod 600 day=1/a", "chown 1 day=1/a",
          "touch day=1/a", "truncate -s 0 day=1/a", "setfattr -n user.x -v 1 day=1/a",
          "mkfifo pipe"}) {
      EXPECT_THAT(sh(in + script), FailedWith("Read-only file system")) << script;
    }
  }
  EXPECT_EQ(brief_tree(at("live")), brief_tree(at("snapshots/1")));
}

TEST_P(Views, LatestAndPreviousAreLinksThatFollowTheHead) {
  commit("s", "echo 2 > c");
  commit("t", "echo 3 > c");
  EXPECT_EQ(ok("readlink snapshots/latest snapshots/previous"), "3\n2");
  EXPECT_EQ(read("snapshots/latest/c"), "3\n");
  EXPECT_EQ(read("snapshots/previous/c"), "2\n");
  EXPECT_EQ(ok("ls snapshots"), "1\n2\n3\nlatest\nprevious");
}

TEST_P(Views, AVersionNeverChangesOnceMade) {
  commit("s", "echo more >> day=1/a; chmod 600 day=2/b; setfattr -n user.k -v v day=2/b");
  const auto before = detailed_tree(at("snapshots/2"));
  commit("t", "rm -r day=1; echo other > day=2/b; mv link day=2/moved; chmod 755 day=2/b");
  EXPECT_EQ(detailed_tree(at("snapshots/2")), before);
  EXPECT_EQ(brief_tree(at("snapshots/1")), "day=1/ day=1/a=one day=2/ day=2/b=two link->day=1/a");
}

TEST_P(Views, ATimeOpensTheVersionOfThen) {
  commit("s", "echo 2 > c");
  const std::string second = ok("date -u +%Y-%m-%dT%H:%M:%S.%NZ");
  commit("t", "echo 3 > c");
  EXPECT_EQ(read("snapshots/" + second + "/c"), "2\n");
  EXPECT_THAT(sh("ls snapshots/2999-01-01T00:00:00Z/"), FailedWith("No such file or directory"));
  EXPECT_THAT(sh("ls snapshots/1999-01-01T00:00:00Z/"), FailedWith("No such file or directory"));
}

TEST_P(Views, VersionsThatAreNotThereAreNotFound) {
  for (const char* name : {"0", "2", "-1", "18446744073709551616", "x", "latest1"}) {
    EXPECT_THAT(sh(std::string("stat snapshots/") + name), FailedWith("No such file")) << name;
  }
}

TEST_P(Views, EveryFileTellsItsVersionTermAndGroupToThoseWhoAsk) {
  commit("s", "echo 2 >> day=1/a");
  const std::string get = "getfattr --only-values -n user.commitfs.";
  EXPECT_EQ(ok(get + "seq_no live/day=1/a"), "2");
  EXPECT_EQ(ok(get + "seq_no live/day=2/b"), "1");
  EXPECT_EQ(ok(get + "seq_no snapshots/1/day=1/a"), "1");
  EXPECT_EQ(ok(get + "primary_term live/day=1/a"), "1");
  EXPECT_THAT(ok(get + "group live/day=1/a"), HasSubstr("a"));
}

TEST_P(Views, TheFileSystemsOwnAttributesAreNotListedAndNotWritable) {
  session("s", "setfattr -n user.mine -v 1 day=1/a");
  EXPECT_EQ(ok("getfattr --absolute-names -d -m - sessions/s/day=1/a"),
            "# file: sessions/s/day=1/a\nuser.mine=\"1\"\n");
  EXPECT_THAT(sh("setfattr -n user.commitfs.seq_no -v 9 sessions/s/day=1/a"), FailedWith(""));
}

TEST_P(Views, InodeNumbersAreNotSharedBetweenViewsOfDifferentContent) {
  session("s", "echo more >> day=1/a");
  const std::string numbers = ok("stat -c %i live/day=1/a sessions/s/day=1/a");
  const auto newline = numbers.find('\n');
  EXPECT_NE(numbers.substr(0, newline), numbers.substr(newline + 1));
  ok("cp live/day=1/a sessions/s/day=1/a");
  EXPECT_EQ(read("sessions/s/day=1/a"), "one\n");
}

TEST_P(Views, CopyFromLiveToASessionFileThatWasNotTouchedWorks) {
  session("s", "");
  ok("cp live/day=1/a sessions/s/day=1/a; cp -a live/day=2/b sessions/s/day=2/b");
  EXPECT_EQ(brief_tree(at("sessions/s")), brief_tree(at("live")));
}

TEST_P(Views, StatOfDirectoriesCountsSubdirectories) {
  EXPECT_EQ(ok("stat -c %h live snapshots/1 live/day=1"), "4\n4\n2");
}

TEST_P(Views, ADirectoryHeldOpenInLiveStaysUsableAcrossCommits) {
  const int directory = ::open(at("live/day=1").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  ASSERT_GE(directory, 0);
  commit("s", "echo n > day=1/new");
  struct stat status{};
  EXPECT_EQ(::fstatat(directory, "new", &status, 0), 0);
  ::close(directory);
}

TEST_P(Views, RootStatusIsJsonAndLogIsNewestFirst) {
  commit("s", "echo 2 > c; echo 'second load' > .commitfs/message");
  EXPECT_EQ(ok("python3 -c 'import json; print(type(json.load(open(\".commitfs/status\"))))'"),
            "<class 'dict'>");
  const std::string log = ok("cat .commitfs/log");
  EXPECT_THAT(log.substr(0, log.find('\n')), HasSubstr("second load"));
  EXPECT_EQ(ok("wc -l < .commitfs/log"), "2");
}

TEST_P(Views, NothingCanBeMadeOrRemovedAtTheRoot) {
  for (const char* script : {"mkdir x", "touch x", "rmdir live", "mv live other", "ln -s a b",
                             "rmdir sessions", "mv snapshots/1 sessions/x"}) {
    EXPECT_THAT(sh(script), FailedWith("")) << script;
  }
}

}  // namespace
}  // namespace commitfs::test
