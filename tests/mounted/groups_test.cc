// The table's configuration through the shell: file groups, and what it takes to change them.
#include <unistd.h>

#include "tests/support/mount_fixture.h"

namespace commitfs::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Configuration : public MountedTest {
 protected:
  std::string adopted() const override {
    return "mkdir sales raw; echo 1 > sales/f1_t1_001.parquet; echo 1 > raw/a";
  }
};
INSTANTIATE_IN_BOTH_MODES(Configuration);

TEST_P(Configuration, TwoSlicesOfOneFileGroupConflict) {
  ok("echo 'group = hudi' >> .commitfs/config");
  session("mine", "echo i > sales/f1_t2_002.parquet");
  commit("winner", "echo w > sales/f1_t3_002.parquet");
  EXPECT_THAT(sh("mv sessions/mine commit/"), FailedWith("Operation canceled"));
  const std::string report = read("sessions/mine/.commitfs/conflicts");
  EXPECT_THAT(report, HasSubstr("UPDATE_UPDATE  sales/f1_t2_002.parquet\n"));
  EXPECT_THAT(report, HasSubstr("group      sales/f1\n"));
  EXPECT_EQ(ok("ls live/sales"), "f1_t1_001.parquet\nf1_t3_002.parquet");
}

TEST_P(Configuration, SlicesOfOtherFileGroupsDoNot) {
  ok("echo 'group = hudi' >> .commitfs/config");
  session("mine", "echo i > sales/f2_t1_002.parquet");
  commit("winner", "echo w > sales/f1_t2_002.parquet");
  ok("mv sessions/mine commit/");
  EXPECT_EQ(ok("ls live/sales"), "f1_t1_001.parquet\nf1_t2_002.parquet\nf2_t1_002.parquet");
}

TEST_P(Configuration, ByDefaultANameIsAGroup) {
  session("mine", "echo i > sales/f1_t2_002.parquet");
  commit("winner", "echo w > sales/f1_t3_002.parquet");
  ok("mv sessions/mine commit/");
}

TEST_P(Configuration, RulesAreForDirectories) {
  ok("printf '%s\\n' 'group raw = partition' 'group s* = hudi' > .commitfs/config");
  session("mine", "echo i > raw/mine; echo i > sales/other");
  commit("winner", "echo w > raw/winner; echo w > sales/more");
  EXPECT_THAT(sh("mv sessions/mine commit/"), FailedWith("Operation canceled"));
  const std::string report = read("sessions/mine/.commitfs/conflicts");
  EXPECT_THAT(report, HasSubstr("UPDATE_UPDATE  raw/mine\n"));
  EXPECT_THAT(report, Not(HasSubstr("sales")));
}

TEST_P(Configuration, EveryFileTellsItsGroup) {
  const auto group_of = [&](const std::string& path) {
    return ok("getfattr --only-values -n user.commitfs.group " + path);
  };
  EXPECT_EQ(group_of("live/sales/f1_t1_001.parquet"), "sales/f1_t1_001.parquet");
  ok("printf '%s\\n' 'group raw = partition' 'group = hudi' > .commitfs/config");
  EXPECT_EQ(group_of("live/sales/f1_t1_001.parquet"), "sales/f1");
  EXPECT_EQ(group_of("live/raw/a"), "raw");
  EXPECT_EQ(group_of("live/raw"), "raw");
  session("s", "echo n > sales/f9_t1_001.parquet");
  EXPECT_EQ(group_of("sessions/s/sales/f9_t1_001.parquet"), "sales/f9");
}

TEST_P(Configuration, ABadValueIsRefusedByTheWriteAndNothingIsStored) {
  ok("echo 'empty = record' >> .commitfs/config");
  const std::string before = read(".commitfs/config");
  const std::string version = head();
  EXPECT_THAT(sh("echo 'group = regex (?<group>' >> .commitfs/config"),
              FailedWith("Invalid argument"));
  EXPECT_THAT(sh("printf '%s\\n' 'group = hudi' 'frequency = 7' > .commitfs/config"),
              FailedWith("Invalid argument"));
  EXPECT_EQ(read(".commitfs/config"), before);
  EXPECT_EQ(head(), version);
}

TEST_P(Configuration, ChangedRulesRefuseWhoBeganBefore) {
  session("before", "echo i > sales/n");
  ok("echo 'group = hudi' >> .commitfs/config");
  session("after", "echo i > sales/m");
  EXPECT_THAT(sh("mv sessions/before commit/"), FailedWith("Operation canceled"));
  const std::string report = read("sessions/before/.commitfs/conflicts");
  EXPECT_THAT(report, HasSubstr("CONFIG  .commitfs/config\n"));
  EXPECT_THAT(report, HasSubstr("config\n"));
  EXPECT_THAT(report, HasSubstr("message    group = hudi\n"));
  ok("mv sessions/after commit/");
}

TEST_P(Configuration, AChangeOfRulesIsInTheLogAndOthersAreNot) {
  ok("echo 'group = hudi' >> .commitfs/config; echo 'empty = record' >> .commitfs/config");
  EXPECT_THAT(ok("head -1 .commitfs/log"), HasSubstr("\tconfig\t-\tgroup = hudi"));
}

TEST_P(Configuration, AppendingSetsKeysAndWritingReplacesAll) {
  ok("echo 'group = hudi' >> .commitfs/config; echo 'empty = record' >> .commitfs/config");
  EXPECT_EQ(ok("grep -v '^#' .commitfs/config"), "group = hudi\nempty = record");
  ok("{ echo 'identical = conflict'; echo 'empty = skip'; } > .commitfs/config");
  EXPECT_EQ(ok("grep -v '^#' .commitfs/config"), "identical = conflict\nempty = skip");
  ok("echo > .commitfs/config");
  EXPECT_EQ(ok("grep -vc '^#' .commitfs/config || true"), "0");
}

TEST_P(Configuration, AFileOfManyLinesIsOneChange) {
  ok("printf '%s\\n' 'isolation = serializable' 'group = hudi' > .commitfs/config");
  const std::string version = head();
  EXPECT_EQ(version, "2");
  ok("printf '%s\\n' 'isolation = serializable' 'group = hudi' 'empty = record' > "
     ".commitfs/config");
  EXPECT_EQ(head(), version);
}

TEST_P(Configuration, AfterABadLineNothingOfTheRestIsTaken) {
  EXPECT_THAT(sh("{ echo 'frequency = 7'; echo 'group = hudi'; } > .commitfs/config"),
              FailedWith("Invalid argument"));
  EXPECT_EQ(head(), "1");
}

TEST_P(Configuration, OpeningItForWritingAloneChangesNothing) {
  ok("echo 'group = hudi' > .commitfs/config; : > .commitfs/config");
  EXPECT_EQ(ok("grep -v '^#' .commitfs/config"), "group = hudi");
}

TEST_P(Configuration, WhatIsReadCanBeEditedAndWrittenBack) {
  ok("sed 's/^# empty = skip/empty = record/' .commitfs/config > $SCRATCH/c; "
     "cat $SCRATCH/c > .commitfs/config");
  EXPECT_EQ(ok("grep -v '^#' .commitfs/config"), "empty = record");
}

TEST_P(Configuration, IsolationIsTheLeastASessionMayHave) {
  ok("echo 'isolation = serializable' >> .commitfs/config");
  session("s", "");
  EXPECT_EQ(read("sessions/s/.commitfs/isolation"), "serializable\n");
  EXPECT_THAT(sh("echo snapshot > sessions/s/.commitfs/isolation"), FailedWith("Invalid argument"));
}

TEST_P(Configuration, SurvivesAKill) {
  ok("echo 'group = hudi' >> .commitfs/config");
  remount_after_kill();
  EXPECT_EQ(ok("grep -v '^#' .commitfs/config"), "group = hudi");
  session("mine", "echo i > sales/f1_t2_002.parquet");
  commit("winner", "echo w > sales/f1_t3_002.parquet");
  EXPECT_THAT(sh("mv sessions/mine commit/"), FailedWith("Operation canceled"));
}

TEST_P(Configuration, IsTheOwnersToWriteAndEverybodysToRead) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can act as another user";
  EXPECT_THAT(sh_as_nobody("cat .commitfs/config"), Succeeded());
  EXPECT_THAT(sh_as_nobody("echo 'empty = record' >> .commitfs/config"),
              FailedWith("Permission denied"));
  commit("chown", "chown 65534 .");
  EXPECT_THAT(sh_as_nobody("echo 'empty = record' >> .commitfs/config"), Succeeded());
}

TEST_P(Configuration, NothingToCommitIsRecordedIfThatIsAskedFor) {
  const std::string before = head();
  commit("first", "cat raw/a");
  EXPECT_EQ(head(), before);
  ok("echo 'empty = record' >> .commitfs/config");
  commit("second", "cat raw/a");
  EXPECT_EQ(ok("head -1 .commitfs/log | cut -f 4-6"), "second\twrite\t-");
}

TEST_P(Configuration, OfIgnoredNamesTheLaterCommitsFileStays) {
  ok("echo 'ignore = _SUCCESS, .*.crc' >> .commitfs/config");
  commit("base", "echo 0 > raw/_SUCCESS; echo 0 > raw/.a.crc");
  session("mine", "echo i > raw/_SUCCESS; echo i > raw/b; rm raw/.a.crc; echo i > raw/.a.crc");
  commit("winner", "rm raw/_SUCCESS; echo w > raw/_SUCCESS; echo w > raw/c; echo w > raw/.a.crc");
  ok("mv sessions/mine commit/");
  EXPECT_EQ(ok("cat live/raw/_SUCCESS live/raw/.a.crc live/raw/b live/raw/c"), "i\ni\ni\nw");
  EXPECT_EQ(ok("cat commit/mine/raw/_SUCCESS"), "i");
  EXPECT_EQ(ok("cat snapshots/previous/raw/_SUCCESS"), "w");
}

}  // namespace
}  // namespace commitfs::test
