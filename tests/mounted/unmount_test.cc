// The end of a daemon while the kernel and it wait for each other, or nearly so.
#include <signal.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <fstream>

#include "tests/support/mount_fixture.h"

namespace commitfs::test {
namespace {

class Unmount : public MountedTest {
 protected:
  bool mounts_at_once() const override { return false; }

  std::string hold(const std::string& point, int arrival) const {
    return point + "=wait:" + (scratch() / point).native() + "@" + std::to_string(arrival);
  }
  bool reached(const std::string& point) const {
    return eventually([&] { return std::filesystem::exists(scratch() / (point + ".reached")); });
  }
  void release(const std::string& point) const { std::ofstream(scratch() / (point + ".go")); }

  void TearDown() override {
    sh("cd /; ! mountpoint -q $SCRATCH/connections || umount $SCRATCH/connections");
    MountFixture::TearDown();
  }

  /// The file with the number of requests the kernel waits for; see
  /// Documentation/filesystems/fuse.rst in Linux. Empty when it cannot be had.
  std::filesystem::path waiting_requests() {
    struct stat root{};
    if (::stat(at("commit").c_str(), &root) != 0) return {};
    const std::string control = "$SCRATCH/connections";
    if (sh("mkdir -p " + control + " && { mountpoint -q " + control +
           " || mount -t fusectl fusectl " + control + "; }")
            .exit_code != 0)
      return {};
    return scratch() / "connections" / std::to_string(minor(root.st_dev)) / "waiting";
  }
  void mount_with_points_held() {
    mount({"COMMITFS_FAULTS=" + hold(kNotify, 2) + "," + hold(kLookup, 1)}, {"threads=1"});
  }
  /// The only request thread is kept busy with commit/a; discard/b waits in the kernel's queue, and
  /// holds its directory's lock; the second notification of a begin, for discard/, wants that lock.
  void block_a_notification() {
    const auto waiting = waiting_requests();
    ok("stat discard; mkdir sessions/s");
    ASSERT_TRUE(reached(kNotify));
    first_ = start("[ -e commit/a ]");
    ASSERT_TRUE(reached(kLookup));
    second_ = start("[ -e discard/b ]");
    ASSERT_TRUE(waits_for(waiting, 2));
    release(kNotify);
    ASSERT_TRUE(eventually([&] { return daemon_waits_in("fuse_reverse_inval_entry"); }));
  }
  /// True when a thread of the daemon is in that function of the kernel.
  bool daemon_waits_in(const std::string& function) {
    return sh("cat /proc/" + std::to_string(daemon().pid()) + "/task/*/stack")
        .out.contains(function);
  }

  static constexpr const char* kNotify = "fs.drop_entry";
  static constexpr const char* kLookup = "fs.lookup_receipt";
  std::unique_ptr<Background> first_;
  std::unique_ptr<Background> second_;

  void await_unmount() {
    EXPECT_TRUE(eventually([&] { return sh("cd /; mountpoint -q $MOUNT").exit_code != 0; }));
  }
  static bool waits_for(const std::filesystem::path& waiting, int count) {
    return eventually([&] {
      int now = 0;
      std::ifstream(waiting) >> now;
      return now >= count;
    });
  }
};
INSTANTIATE_IN_BOTH_MODES(Unmount);

TEST_P(Unmount, BySignalWhileANotificationWaitsForARequestNotYetRead) {
  mount_with_points_held();
  if (!std::filesystem::exists(waiting_requests())) GTEST_SKIP() << "fusectl cannot be mounted";
  block_a_notification();
  ::kill(daemon().pid(), SIGTERM);
  ASSERT_TRUE(eventually(
      [&] { return sh("grep -q 'unmounting' " + daemon().log().native()).exit_code == 0; }));
  release(kLookup);
  EXPECT_EQ(first_->finish().exit_code, 1);
  EXPECT_EQ(second_->finish().exit_code, 1);
  await_unmount();
  daemon().unmount();
}

TEST_P(Unmount, AKilledDaemonEndsThoughANotificationWaitsForARequest) {
  mount_with_points_held();
  if (!std::filesystem::exists(waiting_requests())) GTEST_SKIP() << "fusectl cannot be mounted";
  block_a_notification();
  daemon().kill_hard();
  EXPECT_FALSE(first_->finish().timed_out);
  EXPECT_FALSE(second_->finish().timed_out);
  EXPECT_EQ(daemon().take_problems(), "");
  mount();
  EXPECT_EQ(head(), "1");
}

TEST_P(Unmount, OfADaemonKilledTogetherWithItsGuardFreesWhoWaits) {
  mount_with_points_held();
  if (!std::filesystem::exists(waiting_requests())) GTEST_SKIP() << "fusectl cannot be mounted";
  block_a_notification();
  ok("pkill -KILL -P " + std::to_string(daemon().pid()) + " mount-guard", std::chrono::seconds(5));
  ::kill(daemon().pid(), SIGKILL);
  EXPECT_THAT(sh("cd /; $COMMITFS umount $MOUNT"), Succeeded());
  EXPECT_FALSE(first_->finish().timed_out);
  EXPECT_FALSE(second_->finish().timed_out);
  EXPECT_TRUE(daemon().await_death());
  daemon().take_problems();
  mount();
}

TEST_P(Unmount, BySignalAmidCommitsAndBegins) {
  mount();
  std::vector<std::unique_ptr<Background>> writers;
  for (int writer = 1; writer <= 4; ++writer) {
    writers.push_back(start("n=0; while n=$((n + 1)); s=sessions/w" + std::to_string(writer) +
                            "-$n; mkdir $s && echo $n > $s/w" + std::to_string(writer) +
                            " && mv $s commit/ && ls commit/ > $SCRATCH/listed; do :; done"));
  }
  ASSERT_TRUE(eventually([&] { return std::stoi(head()) >= 20; }));
  ::kill(daemon().pid(), SIGTERM);
  for (auto& writer : writers)
    EXPECT_FALSE(writer->finish().timed_out);
  await_unmount();
  daemon().unmount();
}

TEST_P(Unmount, BySignalIsNotBrokenOffByAnotherSignal) {
  mount({"COMMITFS_FAULTS=" + hold("fs.before_unmount", 1)});
  session("s", "echo s > s");
  for (const int number : {SIGINT, SIGTERM}) {
    ::kill(daemon().pid(), number);
    ASSERT_TRUE(reached("fs.before_unmount"));
  }
  release("fs.before_unmount");
  await_unmount();
  daemon().unmount();
  mount();
  EXPECT_EQ(read("sessions/s/s"), "s\n");
}

TEST_P(Unmount, WaitsForNoCommitThatFoundNoMemory) {
  mount({"COMMITFS_FAULTS=commit.submitted=throw@1"});
  session("s", "echo s > s");
  EXPECT_THAT(sh("mv sessions/s commit/"), FailedWith("Input/output error"));
  ok("mv sessions/s commit/");
  EXPECT_EQ(read("live/s"), "s\n");
  daemon().unmount();
}

}  // namespace
}  // namespace commitfs::test
