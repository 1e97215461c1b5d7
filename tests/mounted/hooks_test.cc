// Hooks before and after a commit, as shell scripts in the table.
#include <fstream>

#include "tests/support/mount_fixture.h"

namespace commitfs::test {
namespace {

using ::testing::HasSubstr;

class Hooks : public MountedTest {
 protected:
  std::string adopted() const override { return "echo 1 > a"; }
  void hook(const std::string& name, const std::string& body) {
    const auto path = daemon().table() / ".commitfs/hooks" / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << "#!/bin/sh\n" << body << "\n";
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  }
};
INSTANTIATE_IN_BOTH_MODES(Hooks);

TEST_P(Hooks, BeforeACommitSeesTheFrozenViewAndMayRefuse) {
  hook("pre-commit.d/rows", "touch written-by-hook; wc -l < rows; [ $(wc -l < rows) -lt 3 ]");
  session("many", "seq 5 > rows");
  EXPECT_THAT(sh("mv sessions/many commit/"), FailedWith("Operation not permitted"));
  EXPECT_THAT(read("sessions/many/.commitfs/conflicts"), HasSubstr("rows"));
  EXPECT_THAT(read("sessions/many/.commitfs/conflicts"), HasSubstr("5"));
  EXPECT_FALSE(std::filesystem::exists(at("sessions/many/written-by-hook")));
  EXPECT_EQ(head(), "1");
  commit("few", "seq 2 > rows");
  EXPECT_EQ(read("live/rows"), "1\n2\n");
}

TEST_P(Hooks, OfAFrozenSessionRunWhenItIsFrozenAndNotAgain) {
  hook("pre-commit.d/count", "echo run >> $COMMITFS_TABLE/../scratch/runs; [ ! -e bad ]");
  session("s", "echo 2 > b");
  ok("echo 1 > sessions/s/.commitfs/frozen; mv sessions/s commit/");
  EXPECT_EQ(ok("wc -l < $SCRATCH/runs"), "1");
  session("t", "touch bad");
  EXPECT_THAT(sh("echo 1 > sessions/t/.commitfs/frozen"), FailedWith("Operation not permitted"));
  EXPECT_THAT(read("sessions/t/.commitfs/conflicts"), HasSubstr("count"));
  ok("rm sessions/t/bad; echo 3 > sessions/t/c; mv sessions/t commit/");
}

TEST_P(Hooks, MayReadReportsAndOthersMaySyncWhileManySessionsAreBeingFrozen) {
  // Each waits for the others, and for a sync in yet another session, before it reads.
  hook("pre-commit.d/reads",
       "scratch=$COMMITFS_TABLE/../scratch; touch $scratch/in.$COMMITFS_SESSION; "
       "until [ -e $scratch/synced ]; do sleep 0.05; done; "
       "grep -q adopted $COMMITFS_TABLE/../mnt/.commitfs/log");
  std::vector<std::unique_ptr<Background>> freezers;
  for (const std::string name : {"p", "q", "r", "s"}) {
    session(name, "echo 2 > " + name);
    freezers.push_back(start("echo 1 > sessions/" + name + "/.commitfs/frozen"));
  }
  session("other", "echo 3 > b");
  ASSERT_TRUE(eventually([&] { return sh("ls $SCRATCH/in.* | wc -l").out == "4\n"; }));
  ok("sync sessions/other/b; touch $SCRATCH/synced");
  for (const auto& freezer : freezers)
    EXPECT_THAT(freezer->finish(), Succeeded());
}

TEST_P(Hooks, OfAFreezeLeaveItsControlFileReadable) {
  hook("pre-commit.d/waits", "until [ -e $COMMITFS_TABLE/../scratch/read ]; do sleep 0.05; done");
  session("s", "echo 2 > b");
  EXPECT_EQ(ok("python3 -c '\n"
               "import os, threading\n"
               "file = os.open(\"sessions/s/.commitfs/frozen\", os.O_RDWR)\n"
               "writer = threading.Thread(target=os.write, args=(file, b\"1\\n\"))\n"
               "writer.start()\n"
               "while not os.path.isdir(\".commitfs/frozen/s\"): pass\n"
               "print(os.pread(file, 1, 0).decode())\n"
               "open(os.environ[\"SCRATCH\"] + \"/read\", \"w\")\n"
               "writer.join()'; cat sessions/s/.commitfs/frozen"),
            "0\n1");
}

TEST_P(Hooks, AreHeardAlsoWhenTheDaemonWasStartedWithSigchldIgnored) {
  hook("pre-commit.d/no", "exit 1");
  daemon().unmount();
  const std::string option = mode() == IoMode::passthrough ? "threads=2" : "no_passthrough";
  ok("python3 -c 'import os, signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN); "
     "os.execv(os.environ[\"COMMITFS\"], [\"commitfs\", \"mount\", \"-o\", \"" +
     option + "\", os.environ[\"TABLE\"], os.environ[\"MOUNT\"]])'");
  const Output mv = sh("cd $MOUNT; mkdir sessions/s; echo 2 > sessions/s/a; mv sessions/s commit/");
  ok("$COMMITFS umount $MOUNT");
  EXPECT_THAT(mv, FailedWith("Operation not permitted"));
}

TEST_P(Hooks, AfterACommitHearOfEveryVersionInOrderAlsoAfterACrash) {
  hook("post-commit.d/log", "echo $COMMITFS_VERSION >> $COMMITFS_TABLE/../scratch/heard");
  commit("one", "echo 1 > b");
  ASSERT_TRUE(eventually([&] { return sh("cat $SCRATCH/heard").out == "2\n"; }));
  daemon().kill_hard();
  ASSERT_EQ(daemon().take_problems(), "");
  // Dies between a version and its hooks.
  mount({"COMMITFS_FAULTS=commit.after_catalog_commit=kill"});
  sh("mkdir sessions/two; echo 2 > sessions/two/b; mv sessions/two commit/");
  ASSERT_TRUE(daemon().await_death());
  daemon().take_problems();
  mount();
  commit("three", "echo 3 > b");
  EXPECT_TRUE(eventually([&] { return sh("cat $SCRATCH/heard").out == "2\n3\n4\n"; }))
      << ok("cat $SCRATCH/heard");
}

TEST_P(Hooks, AfterACommitHearOfAVersionAgainWhenNobodyNotedThatTheyDid) {
  hook("post-commit.d/log", "echo $COMMITFS_VERSION >> $COMMITFS_TABLE/../scratch/heard");
  commit("one", "echo 1 > b");
  ASSERT_TRUE(eventually([&] { return sh("cat $SCRATCH/heard").out == "2\n"; }));
  daemon().unmount();  // so that it is noted of version 2
  ASSERT_EQ(daemon().take_problems(), "");
  // Dies when the hook has ended, before that is noted.
  mount({"COMMITFS_FAULTS=hooks.announced=kill"});
  sh("mkdir sessions/two; echo 2 > sessions/two/b; mv sessions/two commit/");
  ASSERT_TRUE(daemon().await_death());
  daemon().take_problems();
  mount();
  commit("three", "echo 3 > b");
  const auto is_last = [&] { return sh("tail -1 $SCRATCH/heard").out == "4\n"; };
  ASSERT_TRUE(eventually(is_last)) << ok("cat $SCRATCH/heard");
  // Each at least once, none after a later one.
  EXPECT_EQ(ok("sort -n -c $SCRATCH/heard; uniq $SCRATCH/heard"), "2\n3\n4");
  EXPECT_EQ(ok("grep -c 3 $SCRATCH/heard"), "2");
}

}  // namespace
}  // namespace commitfs::test
