// An unmount by signal while the kernel and the daemon wait for each other, or nearly so.
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
    if (sh("mkdir " + control + " && mount -t fusectl fusectl " + control).exit_code != 0)
      return {};
    return scratch() / "connections" / std::to_string(minor(root.st_dev)) / "waiting";
  }
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
  const std::string notify = "fs.drop_entry";
  const std::string lookup = "fs.lookup_receipt";
  mount({"COMMITFS_FAULTS=" + hold(notify, 2) + "," + hold(lookup, 1)}, {"threads=1"});
  const auto waiting = waiting_requests();
  if (!std::filesystem::exists(waiting)) GTEST_SKIP() << "fusectl cannot be mounted";

  // The only request thread is kept busy with commit/a; discard/b waits in the kernel's queue, and
  // holds its directory's lock; the second notification of a begin, for discard/, wants that lock.
  ok("stat discard; mkdir sessions/s");
  ASSERT_TRUE(reached(notify));
  auto first = start("[ -e commit/a ]");
  ASSERT_TRUE(reached(lookup));
  auto second = start("[ -e discard/b ]");
  ASSERT_TRUE(waits_for(waiting, 2));
  release(notify);

  ::kill(daemon().pid(), SIGTERM);
  ASSERT_TRUE(eventually([&] {
    return sh("grep -q 'unmounting' " + daemon().log().native()).exit_code == 0;
  }));
  release(lookup);
  EXPECT_EQ(first->finish().exit_code, 1);
  EXPECT_EQ(second->finish().exit_code, 1);
  await_unmount();
  daemon().unmount();
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

}  // namespace
}  // namespace commitfs::test
