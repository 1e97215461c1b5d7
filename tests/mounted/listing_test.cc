// What the kernel keeps of listings: nothing is asked for twice, and nothing is shown that is not
// so any more.
#include "tests/support/mount_fixture.h"

namespace commitfs::test {
namespace {

using ::testing::HasSubstr;

class Listing : public MountedTest {
 protected:
  std::string adopted() const override { return "mkdir d; echo 0 > d/a; echo 0 > d/b; echo 0 > o"; }
};
INSTANTIATE_IN_BOTH_MODES(Listing);

/// A directory of the tree is read by two requests: its names, then that there are no more. Both of
/// a second reading fail. (Each rule counts what the one before it lets through.)
class CountedListing : public Listing {
 protected:
  bool mounts_at_once() const override { return false; }
  void SetUp() override {
    Listing::SetUp();
    if (!IsSkipped()) mount({"COMMITFS_FAULTS=fs.list=errno:5@3,fs.list=errno:5@3"});
  }
};
INSTANTIATE_IN_BOTH_MODES(CountedListing);

TEST_P(CountedListing, ASessionsDirectoryIsReadOnce) {
  session("s", "");
  EXPECT_EQ(ok("cd sessions/s; ls d; ls -U d; (cd d; ls); find d -name b"),
            "a\nb\na\nb\na\nb\nd/b");
  EXPECT_THAT(sh("touch sessions/s/d/c; ls sessions/s/d"), FailedWith("Input/output error"));
}

TEST_P(CountedListing, ADirectoryOfLiveIsReadAgainWhenAVersionChangedIt) {
  EXPECT_EQ(ok("ls live/d; ls live/d"), "a\nb\na\nb");
  commit("elsewhere", "echo 1 > o; mkdir e");
  EXPECT_EQ(ok("ls live/d"), "a\nb");
  commit("here", "echo 1 > d/c");
  EXPECT_THAT(sh("ls live/d"), FailedWith("Input/output error"));
}

TEST_P(CountedListing, ADirectoryOfAVersionIsReadOnce) {
  EXPECT_EQ(ok("ls snapshots/1/d; ls snapshots/1/d"), "a\nb\na\nb");
}

TEST_P(Listing, EveryChangeInASessionIsSeenByWhoListedBefore) {
  session("s", "");
  const auto after = [&](const std::string& change) {
    return ok("cd sessions/s; ls d > /dev/null; ls d > /dev/null; " + change + "; echo $(ls d)");
  };
  EXPECT_EQ(after("echo 1 > d/c"), "a b c");
  EXPECT_EQ(after("mkdir d/m"), "a b c m");
  EXPECT_EQ(after("ln d/a d/l"), "a b c l m");
  EXPECT_EQ(after("ln -s a d/s"), "a b c l m s");
  EXPECT_EQ(after("rm d/l d/s; rmdir d/m"), "a b c");
  EXPECT_EQ(after("mv d/c d/e"), "a b e");
  EXPECT_EQ(after("mv d/e ."), "a b");
  EXPECT_EQ(after("mv e d/f"), "a b f");
  EXPECT_EQ(after("mkfifo d/p; touch -d 2020-01-01 d"), "a b f p");
  EXPECT_EQ(after("rm d/p; touch -d 2020-01-01 d"), "a b f");
}

TEST_P(Listing, LiveShowsNewNamesAlsoWhereTheDirectorysTimeStaysTheSame) {
  commit("first", "touch -d 2020-01-01 d");
  for (const std::string name : {"c", "e", "f"}) {
    ok("ls live/d; ls live/d; stat live/d");
    commit(name, "echo 1 > d/" + name + "; touch -d 2020-01-01 d");
    EXPECT_THAT(ok("ls live/d"), HasSubstr(name));
  }
}

TEST_P(Listing, AnOpenDirectoryThatIsRewoundShowsWhatIsThereNow) {
  ok("mkfifo $SCRATCH/go");
  const auto reader = start(
      "exec python3 -c 'import os, sys\n"
      "fd = os.open(\"live/d\", os.O_RDONLY)\n"
      "os.listdir(fd)\n"
      "os.listdir(fd)\n"
      "open(os.environ[\"SCRATCH\"] + \"/listed\", \"w\")\n"
      "open(os.environ[\"SCRATCH\"] + \"/go\").read()\n"
      "print(*sorted(os.listdir(fd)))'");
  ok("until [ -e $SCRATCH/listed ]; do :; done");
  commit("c", "echo 1 > d/c; rm d/a");
  ok("echo > $SCRATCH/go");
  EXPECT_EQ(reader->finish().out, "b c\n");
}

TEST_P(Listing, WhatTheBaseMovedForwardToIsListed) {
  session("s", "echo 1 > n");
  ok("ls sessions/s/d; ls sessions/s/d");
  commit("w", "echo w > d/w; rm d/b");
  EXPECT_EQ(
      ok("ls sessions/s/d; cd sessions/s/d; echo head > ../.commitfs/base; echo $(ls) $(ls .)"),
      "a\nb\na w a w");
}

TEST_P(Listing, WhatAReceiptMergedIsListed) {
  session("s", "echo 1 > d/s");
  ok("ls sessions/s/d; ls sessions/s/d");
  commit("w", "echo w > d/w");
  ok("mv sessions/s commit/");
  EXPECT_EQ(ok("cd commit/s/d; until [ -e w ]; do :; done; echo $(ls)"), "a b s w");
}

TEST_P(Listing, AListingFromMemoryIsARead) {
  session("s", "echo serializable > .commitfs/isolation; ls d; ls d; echo 1 > n");
  commit("w", "echo w > d/w");
  EXPECT_THAT(sh("mv sessions/s commit/"), FailedWith("Operation canceled"));
  EXPECT_THAT(read("sessions/s/.commitfs/conflicts"), HasSubstr("PHANTOM  d\n"));
}

}  // namespace
}  // namespace commitfs::test
