// Serializable isolation for unmodified programs: what they read is known to the file system.
#include <array>

#include "tests/mounted/conflict_case.h"
#include "tests/support/tree_listing.h"

namespace commitfs::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

#define SERIALIZABLE "echo serializable > .commitfs/isolation; "

class SerializableRows : public ConflictTable {};

constexpr const char* kSetup = "mkdir d; echo 0 > d/g; echo 0 > h; echo 0 > i";
constexpr const char* kWinner = "echo w > h";
constexpr const char* kLost = "d/ d/g=0 h=w i=0";
constexpr const char* kLanded = "d/ d/g=0 h=w i=i";

constexpr std::array kCases = {
    ConflictCase{"Row1_ListedBySh", kSetup, "echo w > d/x", SERIALIZABLE "echo d/* > i", "PHANTOM",
                 "d", "d/ d/g=0 d/x=w h=0 i=0"},
    ConflictCase{"Row1_ListedByLs", kSetup, "rm d/g", SERIALIZABLE "ls -l d; echo i > i", "PHANTOM",
                 "d", "d/ h=0 i=0"},
    ConflictCase{"Row1_NotListed", kSetup, "echo w > d/x", SERIALIZABLE "cat d/g; echo i > i", "",
                 "", "d/ d/g=0 d/x=w h=0 i=i"},
    ConflictCase{"Row1_OpenedAndNotListed", kSetup, "echo w > d/x",
                 SERIALIZABLE "exec 3< d; stat d; cd d; echo i > ../i", "", "",
                 "d/ d/g=0 d/x=w h=0 i=i"},
    ConflictCase{"Row6_Read", kSetup, kWinner, SERIALIZABLE "cat h; echo i > i", "READ_WRITE", "h",
                 kLost},
    ConflictCase{"Row6_ReadUnderSnapshot", kSetup, kWinner, "cat h; ls; echo i > i", "", "",
                 kLanded},
    ConflictCase{"Row6_ReadBeforeItWasAskedFor", kSetup, kWinner,
                 "cat h; " SERIALIZABLE "echo i > i", "READ_WRITE", "h", kLost},
    ConflictCase{"Row6_ReadOneOfTwo", kSetup, kWinner, SERIALIZABLE "cat d/g; echo i > i", "", "",
                 kLanded},
    ConflictCase{"Row6_Stat", kSetup, kWinner,
                 SERIALIZABLE "stat h; [ -s h ]; stat -f h; echo i > i", "", "", kLanded},
    ConflictCase{"Row6_OpenedForBoth", kSetup, kWinner,
                 SERIALIZABLE "exec 3<> h; exec 3>&-; echo i > i", "READ_WRITE", "h", kLost},
    ConflictCase{"Row6_OpenedToAppend", kSetup, kWinner,
                 SERIALIZABLE "exec 3>> h; exec 3>&-; echo i > i", "", "", kLanded},
    ConflictCase{"Row3_ReadWhatIMade", kSetup, "echo i > n",
                 SERIALIZABLE "echo i > n; cat n; echo i > i", "", "", "d/ d/g=0 h=0 i=i n=i"},
    ConflictCase{"Row6_Mapped", kSetup, kWinner,
                 SERIALIZABLE
                 "python3 -c 'import mmap; f = open(\"h\"); mmap.mmap(f.fileno(), 0, prot=1)'; "
                 "echo i > i",
                 "READ_WRITE", "h", kLost},
    ConflictCase{"Row6_Executed", "printf '#!/bin/sh\\ntrue\\n' > h; chmod 755 h; echo 0 > i",
                 "printf w > h", SERIALIZABLE "./h; echo i > i", "READ_WRITE", "h", "h=w i=0"},
    ConflictCase{"Row6_FollowedALink", "echo 0 > a; ln -s a l; echo 0 > i", "ln -sfn i l",
                 SERIALIZABLE "cat l; echo i > i", "READ_WRITE", "l", "a=0 i=0 l->i"},
    ConflictCase{"Row16_TestedForWithBrackets", kSetup, "echo w > x",
                 SERIALIZABLE "[ -e x ] || echo i > i", "PHANTOM", "x", "d/ d/g=0 h=0 i=0 x=w"},
    ConflictCase{"Row16_OpenFailed", kSetup, "echo w > d/x", SERIALIZABLE "cat d/x || echo i > i",
                 "PHANTOM", "d/x", "d/ d/g=0 d/x=w h=0 i=0"},
    ConflictCase{"Row16_AnotherName", kSetup, "echo w > x",
                 SERIALIZABLE "[ -e y ] || [ -e d/x ] || echo i > i", "", "",
                 "d/ d/g=0 h=0 i=i x=w"},
    ConflictCase{"Row3_MadeWithoutLooking", kSetup, "echo x > x", SERIALIZABLE "echo x > x", "", "",
                 "d/ d/g=0 h=0 i=0 x=x"},
    ConflictCase{"Row3_LookedForAndMade", kSetup, ": > lock",
                 SERIALIZABLE "[ -e lock ] || : > lock", "PHANTOM", "lock",
                 "d/ d/g=0 h=0 i=0 lock="},
    ConflictCase{"Row3_LookedForAndMadeUnderSnapshot", kSetup, ": > lock",
                 "[ -e lock ] || : > lock", "", "", "d/ d/g=0 h=0 i=0 lock="},
    ConflictCase{"Row21_BothMakeADirectory", kSetup, "mkdir n; echo w > n/w",
                 SERIALIZABLE "mkdir n; echo i > n/i", "", "", "d/ d/g=0 h=0 i=0 n/ n/i=i n/w=w"},
    ConflictCase{"Row17_IOnlyRead", kSetup, kWinner, SERIALIZABLE "cat h; ls; ! [ -e x ]", "", "",
                 kLost},
    ConflictCase{"Row11_RewrittenMeanwhile", kSetup,
                 "echo rewrite > .commitfs/operation; cat d/g > d/n; rm d/g",
                 SERIALIZABLE "ls d; echo i > i", "", "", "d/ d/n=0 h=0 i=i"},
    ConflictCase{"Row18_ReadBelowAMovedDirectory", kSetup, "mv d e",
                 SERIALIZABLE "cat d/g; echo i > i", "READ_WRITE", "d", "e/ e/g=0 h=0 i=0"},
    ConflictCase{"Row28_AskedForTheAttribute", kSetup, "setfattr -n user.k -v w h",
                 SERIALIZABLE "getfattr -n user.k h || echo i > h", "READ_WRITE", "h",
                 "d/ d/g=0 h=0 i=0"},
    ConflictCase{"Row28_AskedForAnother", kSetup, "setfattr -n user.k -v w h",
                 SERIALIZABLE "getfattr -n user.o h || echo i > h", "", "", "d/ d/g=0 h=i i=0"},
};
INSTANTIATE_CONFLICT_CASES(SerializableRows, kCases);

TEST_P(SerializableRows, EndAsTheTableSays) {
  play(std::get<ConflictCase>(GetParam()));
}

class Serializable : public MountedTest {
 protected:
  std::string adopted() const override { return "mkdir d; echo 1 > a; echo 1 > b"; }
  /// Each reads what the other writes.
  void skew(const std::string& isolation) {
    for (const char* name : {"one", "two"}) {
      session(name, "echo " + isolation + " > .commitfs/isolation");
    }
    ok("cd sessions/one; sum=$(( $(cat a) + $(cat b) )); [ $sum = 2 ]; echo 0 > a");
    ok("cd sessions/two; sum=$(( $(cat a) + $(cat b) )); [ $sum = 2 ]; echo 0 > b");
    ok("mv sessions/one commit/");
  }
  void fsync_session() {
    ok("python3 -c 'import os; os.fsync(os.open(\"sessions/s\", os.O_RDONLY))'");
  }
};
INSTANTIATE_IN_BOTH_MODES(Serializable);

TEST_P(Serializable, WriteSkewLandsUnderSnapshot) {
  skew("snapshot");
  ok("mv sessions/two commit/");
  EXPECT_EQ(brief_tree(at("live")), "a=0 b=0 d/");
}

TEST_P(Serializable, WriteSkewIsRefused) {
  skew("serializable");
  EXPECT_THAT(sh("mv sessions/two commit/"), FailedWith("Operation canceled"));
  EXPECT_THAT(read("sessions/two/.commitfs/conflicts"), HasSubstr("READ_WRITE  a\n"));
  EXPECT_THAT(read("sessions/two/.commitfs/conflicts.json"),
              HasSubstr("\"category\": \"READ_WRITE\""));
  EXPECT_EQ(brief_tree(at("live")), "a=0 b=1 d/");
}

TEST_P(Serializable, WhatWasReadOutlivesTheDaemon) {
  session("s", SERIALIZABLE "cat a; ls d; [ -e x ] || echo s > n");
  fsync_session();
  remount_after_kill();
  commit("w", "echo w > a; echo w > d/w; echo w > x");
  EXPECT_THAT(sh("mv sessions/s commit/"), FailedWith("Operation canceled"));
  const std::string report = read("sessions/s/.commitfs/conflicts");
  EXPECT_THAT(report, HasSubstr("READ_WRITE  a\n"));
  EXPECT_THAT(report, HasSubstr("PHANTOM  d\n"));
  EXPECT_THAT(report, HasSubstr("PHANTOM  x\n"));
  EXPECT_THAT(report, Not(HasSubstr("  b\n")));
}

TEST_P(Serializable, CannotBeChosenAfterARestartThatForgotWhatWasRead) {
  session("s", "cat a; echo s > n");
  fsync_session();
  remount_after_kill();
  EXPECT_THAT(sh("echo serializable > sessions/s/.commitfs/isolation"),
              FailedWith("Device or resource busy"));
  EXPECT_EQ(read("sessions/s/.commitfs/isolation"), "snapshot\n");
}

TEST_P(Serializable, TheBaseMovesOnlyWhileNothingReadHasChanged) {
  session("s", SERIALIZABLE "cat a; [ -e x ] || echo s > n");
  commit("w", "echo w > b");
  ok("echo head > sessions/s/.commitfs/base");
  EXPECT_EQ(read("sessions/s/b"), "w\n");
  commit("x", "echo w > x");
  EXPECT_THAT(sh("echo head > sessions/s/.commitfs/base"), FailedWith("Operation canceled"));
  EXPECT_THAT(read("sessions/s/.commitfs/conflicts"), HasSubstr("PHANTOM  x\n"));
}

}  // namespace
}  // namespace commitfs::test
