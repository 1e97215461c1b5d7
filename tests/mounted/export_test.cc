#include "tests/support/mount_fixture.h"

// A version written as a plain directory: interrupted, gone on with, and beside what would expire
// it.

namespace commitfs::test {
namespace {

using ::testing::HasSubstr;

constexpr const char* kSame = "rsync -aHAXni --checksum --delete snapshots/1/ $SCRATCH/out/";

class Export : public MountedTest {
 protected:
  std::string adopted() const override {
    return "mkdir -p d/e; for i in 1 2 3 4 5; do echo $i > d/e/$i; done; echo a > d/a; ln d/a "
           "d/b; ln d/a last; ln -s nowhere link; mkfifo pipe; setfattr -n user.k -v v d/a; chmod "
           "640 d/e/2; touch -d @1000000000 d/e/3 d; chmod 555 d/e; : > empty";
  }
  std::string files_written() { return ok("find $SCRATCH/out -type f -name '[0-9]' | wc -l"); }
};
INSTANTIATE_IN_BOTH_MODES(Export);

TEST_P(Export, GoesOnAfterAKillAtAnyFile) {
  for (const char* point : {"export.copied", "export.placed"}) {
    for (const char* place : {"1", "4", "9"}) {
      SCOPED_TRACE(std::string(point) + place);
      ok("chmod -R u+w $SCRATCH/out || true; rm -rf $SCRATCH/out");
      const Output killed = sh(std::string("COMMITFS_FAULTS=") + point + "=kill@" + place +
                               " $COMMITFS export $TABLE 1 $SCRATCH/out");
      EXPECT_EQ(killed.exit_code, 137) << killed;
      ok("$COMMITFS export $TABLE 1 $SCRATCH/out");
      EXPECT_EQ(ok(kSame), "");
      EXPECT_EQ(ok("ls -A $SCRATCH/out"), ok("ls -A $TABLE | grep -v commitfs"));
    }
  }
}

TEST_P(Export, WhatIsWholeIsNotCopiedAgain) {
  EXPECT_THAT(sh("COMMITFS_FAULTS=export.copied=errno:28@4 $COMMITFS export $TABLE 1 $SCRATCH/out"),
              FailedWith("No space left"));
  EXPECT_EQ(files_written(), "2");  // d/a comes first
  const std::string before = ok("stat -c %i%Z $SCRATCH/out/d/e/1 $SCRATCH/out/d/e/2");
  EXPECT_THAT(ok("$COMMITFS export $TABLE 1 $SCRATCH/out"),
              HasSubstr("3 files were there already"));
  EXPECT_EQ(ok("stat -c %i%Z $SCRATCH/out/d/e/1 $SCRATCH/out/d/e/2"), before);
  EXPECT_EQ(ok(kSame), "");
}

TEST_P(Export, WhatMayBeTornByAPowerLossIsCopiedAgain) {
  EXPECT_THAT(sh("COMMITFS_FAULTS=export.copied=errno:28@4 $COMMITFS export $TABLE 1 $SCRATCH/out"),
              FailedWith("No space left"));
  ok("touch -r $SCRATCH/out/d/e/1 $SCRATCH/time; chmod u+w $SCRATCH/out/d/e/1; printf 'x\\n' > "
     "$SCRATCH/out/d/e/1; touch -r $SCRATCH/time $SCRATCH/out/d/e/1; sed -i '3s/.*/another boot/' "
     "$SCRATCH/out/.commitfs-export/state");
  ok("$COMMITFS export $TABLE 1 $SCRATCH/out");
  EXPECT_EQ(ok(kSame), "");
}

TEST_P(Export, OfAnotherKindOrVersionDoesNotMix) {
  commit("s", "echo new > new");
  EXPECT_THAT(sh("COMMITFS_FAULTS=export.copied=errno:28@4 $COMMITFS export $TABLE 1 $SCRATCH/out"),
              FailedWith("No space left"));
  EXPECT_THAT(sh("$COMMITFS export $TABLE 2 $SCRATCH/out"), FailedWith("another export"));
  EXPECT_THAT(sh("$COMMITFS export --link $TABLE 1 $SCRATCH/out"), FailedWith("another export"));
  ok("$COMMITFS export $TABLE 1 $SCRATCH/out");
  EXPECT_THAT(sh("$COMMITFS export $TABLE 1 $SCRATCH/out"), FailedWith("not empty"));
  EXPECT_EQ(ok(kSame), "");
}

TEST_P(Export, AVersionStaysWhileItIsExported) {
  commit("s", "echo 2 > d/a; rm last");
  commit("t", "rm -r d");
  const auto exporting = start(
      "cd /; COMMITFS_FAULTS=export.placed=wait:$SCRATCH/w@1 $COMMITFS export $TABLE 1 "
      "$SCRATCH/out");
  ASSERT_TRUE(eventually([&] { return ok("ls $SCRATCH").find("w.reached") != std::string::npos; }));
  EXPECT_THAT(sh("mv snapshots/1 discard/"), FailedWith("busy"));
  EXPECT_EQ(ok("$COMMITFS expire --keep-last 1 $MOUNT"),
            "expired 1 version\nkept 1 version in use");
  EXPECT_EQ(ok("ls snapshots"), "1\n3\nlatest");
  ok("touch $SCRATCH/w.go");
  EXPECT_THAT(exporting->finish(), Succeeded());
  EXPECT_EQ(ok("rsync -aHAXni --checksum --delete snapshots/1/ $SCRATCH/out/"), "");
  ok("mv snapshots/1 discard/");
}

TEST_P(Export, WhoWasKilledPinsNothing) {
  commit("s", "rm -r d");
  EXPECT_EQ(
      sh("COMMITFS_FAULTS=export.placed=kill@2 $COMMITFS export $TABLE 1 $SCRATCH/out").exit_code,
      137);
  ok("mv snapshots/1 discard/");
  EXPECT_THAT(sh("$COMMITFS export $TABLE 1 $SCRATCH/out"), FailedWith("has no version 1"));
}

/// Neither has the version half: the pin is refused, or the version stays.
TEST_P(Export, APinAndAnExpiryDoNotPassEachOther) {
  commit("s", "rm -r d");
  daemon().unmount();
  const auto expiring = start(
      "cd /; COMMITFS_FAULTS=expiry.before_commit=wait:$SCRATCH/w@1 $COMMITFS expire "
      "--keep-last 1 $TABLE");
  ASSERT_TRUE(eventually([&] { return ok("ls $SCRATCH").find("w.reached") != std::string::npos; }));
  const auto exporting = start("cd /; $COMMITFS export $TABLE 1 $SCRATCH/out");
  EXPECT_TRUE(exporting->running());
  ok("cd /; touch $SCRATCH/w.go");
  EXPECT_THAT(expiring->finish(), Succeeded());
  EXPECT_THAT(exporting->finish(), FailedWith("version 1"));
  EXPECT_THAT(sh("cd /; ls $SCRATCH/out"), FailedWith("No such file"));
}

}  // namespace
}  // namespace commitfs::test
