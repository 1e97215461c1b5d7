// Many writers and readers at once: no lost update, no fractured read, no deadlock.
#include "tests/support/mount_fixture.h"
#include "tests/support/tree_listing.h"

namespace commitfs::test {
namespace {

constexpr auto kLong = std::chrono::seconds(40);

class Concurrency : public MountedTest {
 protected:
  std::string adopted() const override {
    return "echo 0 > counter; echo 100 > x; echo 100 > y; mkdir d";
  }
};
INSTANTIATE_IN_BOTH_MODES(Concurrency);

TEST_P(Concurrency, CountersLoseNoUpdate) {
  const Output writers = sh(R"(
    for w in 1 2 3 4; do (
      for i in $(seq 15); do
        until s=$w-$i; mkdir sessions/$s && read n rest < sessions/$s/counter &&
              echo $((n + 1)) by $s > sessions/$s/counter &&
              mv sessions/$s commit/ 2> $SCRATCH/error.$w; do
          grep -q 'Operation canceled' $SCRATCH/error.$w || exit 1
          mv sessions/$s discard/ || exit 1
        done
      done ) & pids="$pids $!"
    done
    for p in $pids; do wait $p || exit 1; done)",
                            kLong);
  EXPECT_THAT(writers, Succeeded());
  EXPECT_THAT(read("live/counter"), ::testing::StartsWith("60 by "));
  EXPECT_EQ(head(), "61");
}

TEST_P(Concurrency, NobodySeesHalfATransfer) {
  auto writer = start(
      "while [ ! -e $SCRATCH/stop ]; do mkdir sessions/w; cd sessions/w; "
      "echo $(($(cat x) - 1)) > x; echo $(($(cat y) + 1)) > y; cd ../..; "
      "mv sessions/w commit/ || exit 1; done",
      kLong);
  const Output readers = sh(R"(
    for i in $(seq 60); do
      cd snapshots/latest; sum=$(($(cat x) + $(cat y))); cd ../..; [ $sum = 200 ] || exit 1
      mkdir sessions/r$i; sum=$(($(cat sessions/r$i/x) + $(cat sessions/r$i/y))); [ $sum = 200 ] || exit 1
      rmdir sessions/r$i || exit 1
    done)",
                            kLong);
  ok("touch $SCRATCH/stop");
  EXPECT_THAT(readers, Succeeded());
  EXPECT_THAT(writer->finish(), Succeeded());
  EXPECT_EQ(ok("echo $(($(cat live/x) + $(cat live/y)))"), "200");
}

TEST_P(Concurrency, BeginCommitDiscardListAndWalkTogetherNeverHang) {
  const Output storm = sh(R"(
    for w in 1 2 3; do (
      for i in $(seq 25); do
        mkdir sessions/$w && echo $i > sessions/$w/d/$w && mv sessions/$w commit/ || exit 1
        mkdir sessions/$w && echo $i > sessions/$w/d/drop && mv sessions/$w discard/ || exit 1
      done ) & pids="$pids $!"
    done
    for r in 1 2; do (
      until [ -e $SCRATCH/stop ]; do
        ls sessions commit discard snapshots live/d > /dev/null
        find live -name x > /dev/null; cat commit/1/d/1 .commitfs/status > /dev/null
      done 2>/dev/null; true ) & readers="$readers $!"
    done
    for p in $pids; do wait $p || failed=1; done; touch $SCRATCH/stop; wait $readers; exit $failed)",
                          kLong);
  EXPECT_THAT(storm, Succeeded());
  EXPECT_EQ(ok("cat live/d/1 live/d/2 live/d/3; ls live/d"), "25\n25\n25\n1\n2\n3");
}

TEST_P(Concurrency, ManyWritersInOneSession) {
  session("s", "");
  ok("cd sessions/s; for w in $(seq 8); do (for i in $(seq 50); do echo $w-$i > d/$w-$i; "
     "mv d/$w-$i d/x$w-$i; done) & pids=\"$pids $!\"; done; for p in $pids; do wait $p || exit 1; "
     "done",
     kLong);
  ok("mv sessions/s commit/");
  EXPECT_EQ(ok("ls live/d | wc -l; cat live/d/x8-50"), "400\n8-50");
}

TEST_P(Concurrency, TwoRenamesOfOneSessionLandItOnce) {
  for (int i = 0; i < 20; ++i) {
    session("s", "echo " + std::to_string(i) + " > counter");
    auto one = start("mv sessions/s commit/one");
    auto two = start("mv sessions/s commit/two");
    const int failures =
        (one->finish().exit_code != 0 ? 1 : 0) + (two->finish().exit_code != 0 ? 1 : 0);
    EXPECT_EQ(failures, 1);
    ok("rmdir commit/*");
  }
  EXPECT_EQ(head(), "21");
}

}  // namespace
}  // namespace commitfs::test
