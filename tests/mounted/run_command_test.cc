// `commitfs run`: a command in a session of its own.
#include <unistd.h>

#include "tests/support/mount_fixture.h"
#include "tests/support/tree_listing.h"

namespace commitfs::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class RunCommand : public MountedTest {
 protected:
  std::string adopted() const override { return "mkdir d; echo 1 > a; echo 0 > n; echo 1 > d/c"; }
  std::string sessions() { return ok("ls sessions"); }
  /// A command that has a conflict whenever `condition` holds.
  static std::string meets_another(const std::string& condition) {
    return "sh -c 'echo mine > a; if " + condition +
           "; then mkdir $COMMITFS_MOUNT/sessions/w && echo other > $COMMITFS_MOUNT/sessions/w/a "
           "&& mv $COMMITFS_MOUNT/sessions/w $COMMITFS_MOUNT/commit/; fi; echo ran >> "
           "$SCRATCH/runs'";
  }
};
INSTANTIATE_IN_BOTH_MODES(RunCommand);

TEST_P(RunCommand, CommitsWhatTheCommandDid) {
  EXPECT_EQ(ok("$COMMITFS run -m 'by run' $MOUNT -- sh -c 'cat a; echo 2 > a; echo 3 > d/e'"), "1");
  EXPECT_EQ(brief_tree(at("live")), "a=2 d/ d/c=1 d/e=3 n=0");
  EXPECT_EQ(sessions(), "");
  EXPECT_THAT(ok("head -1 .commitfs/log"), HasSubstr("by run"));
}

TEST_P(RunCommand, FindsTheMountOfATableAndTellsTheCommand) {
  EXPECT_EQ(ok("cd /; $COMMITFS run --name mine $TABLE -- sh -c '/bin/pwd; echo $COMMITFS_SESSION "
               "$COMMITFS_MOUNT'"),
            at("sessions/mine").native() + "\n" + at("sessions/mine").native() + " " +
                at("").parent_path().native());
  EXPECT_THAT(sh("$COMMITFS run /tmp -- true"), FailedWith("nor a table that is mounted"));
}

TEST_P(RunCommand, WordsAfterTheDashesAreTheCommands) {
  ok("$COMMITFS run --retries 1 $MOUNT -- sh -c 'echo \"$@\" > a' sh --retries 5 -m x -- y "
     "--help");
  EXPECT_EQ(read("live/a"), "--retries 5 -m x -- y --help\n");
}

TEST_P(RunCommand, AFailingCommandLeavesNothingAndItsStatus) {
  const Output failed = sh("$COMMITFS run $MOUNT -- sh -c 'echo 2 > a; exit 7'");
  EXPECT_EQ(failed.exit_code, 7);
  EXPECT_EQ(failed.err, "");
  EXPECT_EQ(sh("$COMMITFS run $MOUNT -- sh -c 'echo 2 > a; kill -KILL $$'").exit_code, 137);
  EXPECT_EQ(sh("$COMMITFS run $MOUNT -- /nonexistent").exit_code, 127);
  EXPECT_EQ(sh("$COMMITFS run $MOUNT").exit_code, 2);
  EXPECT_EQ(sessions(), "");
  EXPECT_EQ(head(), "1");
}

TEST_P(RunCommand, AConflictIsReportedAndLeavesNothing) {
  const Output refused = sh("$COMMITFS run --name s $MOUNT -- " + meets_another("true"));
  EXPECT_EQ(refused.exit_code, 80);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("UPDATE_UPDATE  a"), HasSubstr("by session 'w'")));
  EXPECT_EQ(sessions(), "");
  EXPECT_EQ(read("live/a"), "other\n");
}

TEST_P(RunCommand, AfterAConflictItRunsAgainOnTheNewestVersion) {
  ok("$COMMITFS run --retries 3 $MOUNT -- " + meets_another("[ ! -e $SCRATCH/runs ]"));
  EXPECT_EQ(read("live/a"), "mine\n");
  EXPECT_EQ(ok("cat $SCRATCH/runs"), "ran\nran");
  EXPECT_EQ(sessions(), "");
  EXPECT_EQ(head(), "3");
}

TEST_P(RunCommand, RunsNoMoreOftenThanItIsTold) {
  const std::string always =
      "sh -c 'echo mine > a; mkdir $COMMITFS_MOUNT/sessions/w && date +%N > "
      "$COMMITFS_MOUNT/sessions/w/a && mv $COMMITFS_MOUNT/sessions/w $COMMITFS_MOUNT/commit/; echo "
      "ran >> $SCRATCH/runs'";
  EXPECT_EQ(sh("$COMMITFS run --retries 2 $MOUNT -- " + always).exit_code, 80);
  EXPECT_EQ(ok("wc -l < $SCRATCH/runs"), "3");
  EXPECT_EQ(sessions(), "");
}

TEST_P(RunCommand, KeepsARefusedSessionWhenAsked) {
  const Output refused = sh("$COMMITFS run --keep --name s $MOUNT -- " + meets_another("true"));
  EXPECT_EQ(refused.exit_code, 80);
  EXPECT_THAT(refused.err, HasSubstr("kept " + at("sessions/s").native()));
  EXPECT_EQ(read("sessions/s/a"), "mine\n");
}

TEST_P(RunCommand, FilesLeftOpenAreRefused) {
  const Output refused =
      sh("$COMMITFS run $MOUNT -- sh -c 'exec 9> a; cd /; { while [ ! -e $SCRATCH/end ]; do sleep "
         "0.02; done; } > $SCRATCH/log 2>&1 & echo $! > $SCRATCH/pid'");
  EXPECT_EQ(refused.exit_code, 82);
  EXPECT_THAT(refused.err, HasSubstr("\n  a\n"));
  EXPECT_EQ(sessions(), "");
  ok("touch $SCRATCH/end");
  EXPECT_TRUE(eventually([&] { return sh("kill -0 $(cat $SCRATCH/pid)").exit_code != 0; }));
}

TEST_P(RunCommand, AValueTheMountDoesNotTakeIsSaidBeforeAnythingRuns) {
  const Output refused = sh("$COMMITFS run --isolation nonsense $MOUNT -- touch $SCRATCH/was-run");
  EXPECT_EQ(refused.exit_code, 125);
  EXPECT_THAT(refused.err, HasSubstr("does not take this isolation"));
  EXPECT_EQ(sessions(), "");
  EXPECT_FALSE(std::filesystem::exists(scratch() / "was-run"));
}

TEST_P(RunCommand, ASignalGoesToTheCommandAndNothingIsCommitted) {
  const auto run = start(
      "exec $COMMITFS run $MOUNT -- sh -c 'trap \"echo got > $SCRATCH/got; exit 0\" TERM; echo 2 > "
      "a; touch $SCRATCH/up; while :; do sleep 0.02; done'");
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(scratch() / "up"); }));
  run->process().signal(SIGTERM);
  EXPECT_EQ(run->finish().exit_code, 128 + SIGTERM);
  EXPECT_EQ(ok("cat $SCRATCH/got"), "got");
  EXPECT_EQ(sessions(), "");
  EXPECT_EQ(head(), "1");
}

TEST_P(RunCommand, ASessionStandsWhereItIsWantedForTheCommandAlone) {
  ok("mkdir $SCRATCH/place; touch $SCRATCH/place/outside");
  EXPECT_EQ(ok("$COMMITFS run --at $SCRATCH/place $MOUNT -- sh -c 'pwd; ls; echo 2 > "
               "$SCRATCH/place/a; [ -e $COMMITFS_SESSION/.commitfs/status ]'"),
            (scratch() / "place").native() + "\na\nd\nn");
  EXPECT_EQ(read("live/a"), "2\n");
  EXPECT_EQ(ok("ls $SCRATCH/place"), "outside");
  EXPECT_EQ(sh("$COMMITFS run --at $SCRATCH/none $MOUNT -- true").exit_code, 125);
  EXPECT_EQ(sessions(), "");
}

TEST_P(RunCommand, AnOrdinaryUserToo) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can act as another user";
  if (sh_as_nobody("unshare -Urm true").exit_code != 0)
    GTEST_SKIP() << "this system gives ordinary users no namespaces of their own";
  // Who may write to the table's directory may commit.
  ok("chmod 777 $TABLE");
  ASSERT_TRUE(eventually([&] { return ok("stat -c %a commit") == "777"; }));
  commit("open", "chmod 777 d");
  ok("mkdir $SCRATCH/place");
  const Output run = sh_as_nobody(
      "$COMMITFS run --at $SCRATCH/place $MOUNT -- sh -c 'pwd; id -u; ls; echo 2 > "
      "$SCRATCH/place/d/nobody; stat -c %u d/nobody'");
  EXPECT_THAT(run, Succeeded());
  EXPECT_EQ(run.out, (scratch() / "place").native() + "\n65534\na\nd\nn\n65534\n");
  EXPECT_EQ(ok("cat live/d/nobody; stat -c %u live/d/nobody"), "2\n65534");
  EXPECT_EQ(ok("ls $SCRATCH/place"), "");
  EXPECT_EQ(sessions(), "");
}

TEST_P(RunCommand, AConditionThatIsFalseIsNotTriedAgain) {
  const Output refused =
      sh("$COMMITFS run --retries 5 --require \"size('a') > 100\" $MOUNT -- sh -c 'echo 2 > d/x; "
         "echo ran >> $SCRATCH/runs'");
  EXPECT_EQ(refused.exit_code, 81);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("size('a') > 100"), HasSubstr("actual")));
  EXPECT_EQ(ok("cat $SCRATCH/runs"), "ran");
  EXPECT_EQ(sessions(), "");
  EXPECT_EQ(head(), "1");
  EXPECT_EQ(sh("$COMMITFS run --require 'size(' $MOUNT -- true").exit_code, 125);
  ok("$COMMITFS run --require \"size('a') < 100\" $MOUNT -- sh -c 'echo 2 > d/x'");
}

TEST_P(RunCommand, IsolationIsTheSessions) {
  const auto skewed = [&](const std::string& isolation) {
    return sh("$COMMITFS run --isolation " + isolation +
              " $MOUNT -- sh -c 'cat a; date +%N > d/x; S=$COMMITFS_MOUNT/sessions/w-" + isolation +
              "; mkdir $S && date +%N > $S/a && mv $S $COMMITFS_MOUNT/commit/'");
  };
  EXPECT_EQ(skewed("snapshot").exit_code, 0);
  const Output refused = skewed("serializable");
  EXPECT_EQ(refused.exit_code, 80);
  EXPECT_THAT(refused.err, HasSubstr("READ_WRITE  a"));
}

TEST_P(RunCommand, DisjointOnesSideBySideAllLand) {
  ok("for i in $(seq 8); do $COMMITFS run $MOUNT -- sh -c \"echo $i > f$i\" & done; wait");
  EXPECT_EQ(head(), "9");
  EXPECT_EQ(ok("cat live/f* | sort -n | tr '\\n' ' '"), "1 2 3 4 5 6 7 8 ");
}

TEST_P(RunCommand, ACounterEndsAtTheNumberOfSuccesses) {
  // Each writer's bytes are its own ($$): two that write the same bytes are no conflict.
  const std::string writer =
      "for i in $(seq 5); do $COMMITFS run --retries 100 $MOUNT -- "
      "sh -c 'read count writer < n; echo $((count + 1)) $$ > n' && echo done; done";
  EXPECT_EQ(
      ok("for w in 1 2 3 4; do { " + writer + "; } & done 2> $SCRATCH/conflicts | wc -l; wait",
         std::chrono::seconds(60)),
      "20");
  EXPECT_EQ(ok("cut -d ' ' -f 1 live/n"), "20");
  EXPECT_EQ(head(), "21");
  EXPECT_EQ(sessions(), "");
}

}  // namespace
}  // namespace commitfs::test
