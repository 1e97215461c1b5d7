/// The commitfs program as a user meets it: what it prints, its exit status, and what it leaves
/// alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "meta/base/posix.h"
#include "tests/support/daemon.h"
#include "tests/support/process.h"
#include "tests/support/temporary_directory.h"

namespace commitfs::test {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::StartsWith;

/// A directory with a plain `table` (a: "1", d/b: "22") and an empty `mnt`. What is mounted below
/// it goes at the end.
class Program : public ::testing::Test {
 protected:
  Program() { ok("mkdir -p table/d mnt other; printf 1 > table/a; printf 22 > table/d/b"); }
  ~Program() override {
    // Whatever a failed test left: the daemons end with their mounts.
    std::ifstream mounts("/proc/self/mounts");
    for (std::string source, point, rest;
         mounts >> source >> point && std::getline(mounts, rest);) {
      if (point.starts_with(directory_.native())) ::umount2(point.c_str(), MNT_DETACH);
    }
  }

  /// Runs a shell script in the directory; `commitfs` is the program.
  Output sh(const std::string& script) {
    const std::string path = "PATH='" + program().parent_path().native() + "':$PATH\n";
    Output output = run({"bash", "-c", path + script}, {.directory = directory_});
    for (std::string* text : {&output.out, &output.err}) {
      for (std::size_t at; (at = text->find(directory_.native())) != std::string::npos;) {
        text->replace(at, directory_.native().size(), "DIR");
      }
    }
    return output;
  }
  std::string ok(const std::string& script) {
    const Output output = sh(script);
    EXPECT_EQ(output.exit_code, 0) << script << ": " << output;
    return output.out;
  }
  /// Every name, inode, time and byte of the directory; without what SQLite's looking at a database
  /// leaves beside it.
  std::string everything() {
    return ok(
        "find . ! -name '*-wal' ! -name '*-shm' \\( -name .commitfs -printf '%p %i %m\\n' -o "
        "-printf '%p %i %n %m %s %T@ %l\\n' \\) | sort; "
        "find . -type f ! -name '*-wal' ! -name '*-shm' -print0 | sort -z | xargs -0 md5sum");
  }
  /// The program says `sentence`, exits with `status`, and nothing in the directory is different.
  void expect_refusal(const std::string& script, const std::string& sentence, int status = 1) {
    const std::string before = everything();
    const Output output = sh(script);
    EXPECT_EQ(output.exit_code, status) << output;
    EXPECT_EQ(output.out, "");
    EXPECT_EQ(output.err, "commitfs: " + sentence + "\n");
    EXPECT_EQ(everything(), before);
  }
  bool can_mount() const { return why_no_mount().empty(); }

  const test::TemporaryDirectory temporary_;
  const std::filesystem::path directory_ = std::filesystem::canonical(temporary_.path());
};

#define SKIP_WITHOUT_FUSE() \
  if (!can_mount()) GTEST_SKIP() << why_no_mount()

TEST_F(Program, HelpAndVersionSucceed) {
  EXPECT_THAT(ok("commitfs --version"), StartsWith("commitfs "));
  EXPECT_THAT(ok("commitfs --help"), AllOf(HasSubstr("mount"), HasSubstr("Exit status")));
  for (const std::string verb : {"mount", "umount", "init", "log", "status"}) {
    EXPECT_THAT(ok("commitfs " + verb + " --help"), HasSubstr("xample")) << verb;
  }
}

TEST_F(Program, WrongUsageIsStatusTwo) {
  for (const char* arguments :
       {"", "frobnicate", "mount", "mount table", "mount --no-such table mnt",
        "mount table mnt extra", "log -n x table", "log -n 0 table", "umount --timeout -1 mnt",
        "mount --log-level loud table mnt"}) {
    const Output output = sh(std::string("commitfs ") + arguments);
    EXPECT_EQ(output.exit_code, 2) << arguments << ": " << output;
    EXPECT_NE(output.err, "") << arguments;
  }
}

TEST_F(Program, UnknownMountOptionIsRefusedWithTheKnown) {
  expect_refusal("commitfs mount -o noatime table mnt",
                 "no mount option \"noatime\"; known are no_passthrough, threads=N, allow_other, "
                 "no_allow_other, open_wait_ms=N, debug",
                 2);
}

TEST_F(Program, MountRefusesBadPlaces) {
  expect_refusal("commitfs mount none mnt",
                 "the table none does not exist; mkdir it first for an empty one");
  expect_refusal("commitfs mount table/a mnt", "the table table/a is not a directory");
  expect_refusal("commitfs mount table none",
                 "the mount point none does not exist; mkdir it first");
  expect_refusal("commitfs mount table table/a", "the mount point table/a is not a directory");
  expect_refusal("commitfs mount table table", "DIR/table cannot be both table and mount point");
  expect_refusal("commitfs mount table table/d",
                 "the mount point DIR/table/d lies inside the table DIR/table; choose one outside");
  expect_refusal(
      "commitfs mount table/d table",
      "the table DIR/table/d lies inside the mount point DIR/table, which would hide it");
}

TEST_F(Program, MountRefusesALogFileItCannotWrite) {
  SKIP_WITHOUT_FUSE();
  expect_refusal("commitfs mount --log-file none/log table mnt",
                 "DIR/none/log: No such file or directory");
}

TEST_F(Program, MountRefusesANewerOrForeignCatalog) {
  SKIP_WITHOUT_FUSE();
  ok("commitfs init table");
  ok("sqlite3 table/.commitfs/catalog.db 'PRAGMA user_version = 999999; PRAGMA "
     "wal_checkpoint(TRUNCATE)'");
  std::string before = everything();
  Output output = sh("commitfs mount table mnt");
  EXPECT_EQ(output.exit_code, 1);
  EXPECT_THAT(output.err, MatchesRegex("commitfs: .*catalog.*999999.*\n"));
  EXPECT_EQ(everything(), before);

  ok("rm -r table/.commitfs; mkdir table/.commitfs; sqlite3 table/.commitfs/catalog.db 'CREATE "
     "TABLE t(x)'");
  before = everything();
  output = sh("commitfs mount table mnt");
  EXPECT_EQ(output.exit_code, 1);
  EXPECT_THAT(output.err, MatchesRegex("commitfs: .*catalog[^\n]*\n"));
  EXPECT_EQ(everything(), before);
}

TEST_F(Program, MountRefusesATableThatAnotherProcessHolds) {
  SKIP_WITHOUT_FUSE();
  ok("commitfs init table");
  const auto lock =
      posix::open_at(AT_FDCWD, directory_ / "table/.commitfs/lock", O_RDWR | O_CREAT, 0600);
  ASSERT_TRUE(lock);
  ASSERT_EQ(::flock(lock->get(), LOCK_EX), 0);
  const std::string pid = std::to_string(::getpid()) + "\n";
  ASSERT_EQ(::pwrite(lock->get(), pid.data(), pid.size(), 0), static_cast<ssize_t>(pid.size()));
  const Output output = sh("commitfs mount table mnt");
  EXPECT_EQ(output.exit_code, 1);
  EXPECT_THAT(output.err,
              AllOf(HasSubstr("DIR/table"), HasSubstr("process " + std::to_string(::getpid()))));
}

TEST_F(Program, InitAdoptsOnce) {
  EXPECT_EQ(ok("commitfs init table"),
            "adopted 2 files (3 bytes) in 1 directory as version 1; none copied\n");
  EXPECT_EQ(ok("stat -c %h table/a table/d/b"), "2\n2\n");
  expect_refusal("commitfs init table", "DIR/table is a table already");
  expect_refusal("commitfs init none", "none: No such file or directory");
}

TEST_F(Program, LogWorksWithoutAMount) {
  ok("commitfs init table");
  EXPECT_THAT(ok("commitfs log table"), StartsWith("1\t"));
  EXPECT_THAT(ok("commitfs log --json table"), StartsWith("{\"seq_no\":1,"));
  expect_refusal("commitfs log mnt", "DIR/mnt is neither a table nor the mount point of one");
  expect_refusal("commitfs log none", "none: No such file or directory");
}

TEST_F(Program, MountReturnsWhenTheMountAnswers) {
  SKIP_WITHOUT_FUSE();
  EXPECT_EQ(ok("commitfs mount --log-file log table mnt && cat mnt/live/d/b"),
            "adopted 2 files (3 bytes) in 1 directory as version 1; none copied\n22");
  EXPECT_EQ(ok("commitfs umount mnt; ls mnt"), "");
  EXPECT_EQ(ok("commitfs mount table mnt"), "");
  ok("commitfs umount mnt");
}

TEST_F(Program, MountLetsGoOfTheTerminal) {
  SKIP_WITHOUT_FUSE();
  // cat ends when nobody holds the pipe any more.
  EXPECT_EQ(ok("commitfs mount table mnt 2>&1 | cat"),
            "adopted 2 files (3 bytes) in 1 directory as version 1; none copied\n");
  ok("commitfs umount mnt");
}

TEST_F(Program, MountRefusesWhatIsMounted) {
  SKIP_WITHOUT_FUSE();
  ok("commitfs mount table mnt && mkdir mnt/sessions/s");
  const auto refusal = [this](const std::string& script) {
    const Output output = sh(script);
    EXPECT_EQ(output.exit_code, 1) << output;
    return output.err;
  };
  EXPECT_EQ(
      refusal("commitfs mount other mnt"),
      "commitfs: DIR/mnt is a mount point already: DIR/table (fuse.commitfs) is mounted there\n");
  EXPECT_EQ(refusal("commitfs mount table other"),
            "commitfs: the table DIR/table is mounted already, at DIR/mnt\n");
  EXPECT_THAT(
      refusal("commitfs mount mnt/sessions/s other"),
      StartsWith("commitfs: the table DIR/mnt/sessions/s lies in the commitfs mount at DIR/mnt;"));
  EXPECT_THAT(refusal("commitfs init mnt/sessions/s"),
              StartsWith("commitfs: DIR/mnt/sessions/s lies in the commitfs mount at DIR/mnt"));
  EXPECT_EQ(ok("ls -A other mnt/sessions/s"), "mnt/sessions/s:\na\nd\n\nother:\n");
  ok("commitfs umount mnt");
}

TEST_F(Program, LogAndStatusOfAMount) {
  SKIP_WITHOUT_FUSE();
  ok("commitfs mount table mnt; mkdir mnt/sessions/s; echo x > mnt/sessions/s/x; mv mnt/sessions/s "
     "mnt/commit/; "
     "mkdir mnt/sessions/open");
  EXPECT_EQ(ok("commitfs log mnt"), ok("cat mnt/.commitfs/log"));
  EXPECT_EQ(ok("commitfs log mnt/live"), ok("commitfs log table"));
  EXPECT_THAT(ok("commitfs log -n 1 mnt"), StartsWith("2\t"));
  EXPECT_THAT(ok("commitfs status mnt"), AllOf(HasSubstr("DIR/table"), HasSubstr("open")));
  EXPECT_EQ(ok("commitfs status --json mnt | python3 -c 'import json,sys; "
               "print(type(json.load(sys.stdin)))'"),
            "<class 'dict'>\n");
  ok("commitfs umount mnt");
}

TEST_F(Program, StatusOfNoMountIsASentence) {
  expect_refusal("commitfs status mnt", "DIR/mnt is not a commitfs mount point");
}

TEST_F(Program, UmountRefusesWhatIsNotOurs) {
  expect_refusal("commitfs umount mnt", "DIR/mnt is not a mount point");
  expect_refusal("commitfs umount none", "none: No such file or directory");
  const Output output = sh("commitfs umount /proc");
  EXPECT_EQ(output.exit_code, 1);
  EXPECT_EQ(output.err, "commitfs: /proc is not a commitfs mount point, its type is proc\n");
}

TEST_F(Program, UmountNamesTheMountMeant) {
  SKIP_WITHOUT_FUSE();
  ok("commitfs mount table mnt");
  const Output output = sh("commitfs umount mnt/live");
  EXPECT_EQ(output.exit_code, 1);
  EXPECT_EQ(output.err,
            "commitfs: DIR/mnt/live is not a mount point itself; did you mean DIR/mnt?\n");
  ok("commitfs umount mnt/");
}

TEST_F(Program, UmountNamesWhoHoldsIt) {
  SKIP_WITHOUT_FUSE();
  ok("commitfs mount table mnt; mkdir mnt/sessions/s");
  const Output output =
      sh("(cd mnt/sessions/s && exec sleep 60) & inside=$!\n"
         "exec 9< mnt/live/a; until [ -e /proc/$inside/comm ] && "
         "[ \"$(cat /proc/$inside/comm)\" = sleep ]; do sleep 0.01; done\n"
         "commitfs umount mnt; status=$?; kill $inside; exit $status");
  EXPECT_EQ(output.exit_code, 1);
  EXPECT_THAT(output.err, StartsWith("commitfs: DIR/mnt is busy:\n"));
  EXPECT_THAT(output.err, HasSubstr("(sleep) has its working directory in sessions/s\n"));
  EXPECT_THAT(output.err, HasSubstr("(bash) has live/a open\n"));
  EXPECT_EQ(ok("cat mnt/live/a"), "1");
  ok("commitfs umount mnt");
}

TEST_F(Program, UmountReturnsWhenTheTableIsFree) {
  SKIP_WITHOUT_FUSE();
  for (int i = 0; i < 5; ++i) {
    ok("commitfs mount table mnt && commitfs umount mnt && flock -n table/.commitfs/lock true");
  }
}

TEST_F(Program, UmountKeepsOpenSessions) {
  SKIP_WITHOUT_FUSE();
  ok("commitfs mount table mnt; mkdir mnt/sessions/s; echo new > mnt/sessions/s/n; commitfs umount "
     "mnt");
  EXPECT_EQ(ok("commitfs mount table mnt"), "took up 1 session left open\n");
  EXPECT_EQ(ok("cat mnt/sessions/s/n"), "new\n");
  ok("commitfs umount mnt");
}

TEST_F(Program, UmountTakesADeadMountAway) {
  SKIP_WITHOUT_FUSE();
  ok("commitfs mount table mnt; kill -9 $(cat table/.commitfs/lock); "
     "while flock -n table/.commitfs/lock true; [ $? != 0 ]; do sleep 0.01; done");
  const Output output = sh("commitfs status mnt");
  EXPECT_EQ(output.err, "commitfs: the daemon of DIR/mnt has died; run: commitfs umount DIR/mnt\n");
  ok("commitfs umount mnt && commitfs mount table mnt && cat mnt/live/a && commitfs umount mnt");
}

TEST_F(Program, LazyUmountDetachesAndTheDaemonEndsWithItsLastUser) {
  SKIP_WITHOUT_FUSE();
  ok("commitfs mount table mnt");
  EXPECT_THAT(ok("exec 9< mnt/live/a; commitfs umount --lazy mnt; ls mnt; cat <&9"), EndsWith("1"));
  EXPECT_EQ(ok("flock -w 10 table/.commitfs/lock echo free"), "free\n");
}

TEST_F(Program, InterruptOfTheForegroundUnmounts) {
  SKIP_WITHOUT_FUSE();
  const Output output =
      sh("commitfs mount -f table mnt & "
         "until [ -e mnt/live ]; do sleep 0.01; done; kill $!; wait $!");
  EXPECT_EQ(output.exit_code, 0) << output;
  EXPECT_THAT(output.out, EndsWith("DIR/table is mounted at DIR/mnt; interrupt to unmount\n"));
  EXPECT_EQ(ok("ls mnt"), "");
}

}  // namespace
}  // namespace commitfs::test
