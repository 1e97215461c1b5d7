// A table on a disk of its own, a file through a loop device, that is filled to the last block.
#include <sys/mount.h>

#include <cerrno>
#include <cstring>

#include "tests/support/mount_fixture.h"
#include "tests/support/tree_listing.h"

namespace commitfs::test {
namespace {

using ::testing::MatchesRegex;

struct Disk {
  const char* name;
  const char* make;  ///< makes a file system in the file "disk"
  IoMode mode;
};

void PrintTo(const Disk& disk, std::ostream* out) {
  *out << disk.name;
}

class FullDisk : public MountFixture, public ::testing::WithParamInterface<Disk> {
 protected:
  IoMode mode() const override { return GetParam().mode; }
  bool mounts_at_once() const override { return false; }

  void SetUp() override {
    MountFixture::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    const Output made = sh(std::string(GetParam().make) +
                           " disk && mount -o loop disk $TABLE && "
                           "(rmdir $TABLE/lost+found; cd $TABLE && echo keep > a && echo b > b)");
    if (made.exit_code != 0) GTEST_SKIP() << "no such disk can be made of a file: " << made.err;
    has_disk_ = true;
    mount();
  }
  void TearDown() override {
    if (has_disk_) {
      daemon().unmount();
      EXPECT_EQ(::umount2(daemon().table().c_str(), 0), 0) << std::strerror(errno);
    }
    MountFixture::TearDown();
  }

  /// Writes into session "fill" until nothing fits any more, and then syncs, which has to write
  /// the session's journal too.
  void fill() {
    const Output filled = sh(R"(mkdir -p sessions/fill; cd sessions/fill; python3 -c '
import os, errno
fd = os.open("big", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
for size in (1 << 20, 4096, 1):
    try:
        while True: os.write(fd, b"x" * size)
    except OSError as error: print(errno.errorcode[error.errno])
try: os.fsync(fd)
except OSError as error: print("fsync:", errno.errorcode[error.errno])
')",
                             std::chrono::seconds(60));
    // Where the file system has set aside a block for the journal, a sync may succeed.
    ASSERT_THAT(filled.out, MatchesRegex("ENOSPC\nENOSPC\nENOSPC\n(fsync: ENOSPC\n)?")) << filled;
  }

  void wait_for_room() {
    ASSERT_TRUE(eventually([&] {
      return sh("[ $(df -k --output=avail $TABLE | tail -1) -gt 10000 ]").exit_code == 0;
    })) << "the bodies of the discarded session still fill the disk";
  }

 private:
  bool has_disk_ = false;
};

constexpr char kExt4[] = "truncate -s 32M disk && mkfs.ext4 -q -m 0";
INSTANTIATE_TEST_SUITE_P(Mounted, FullDisk,
                         ::testing::Values(Disk{"ext4", kExt4, IoMode::passthrough},
                                           Disk{"ext4_ordinary", kExt4, IoMode::ordinary},
                                           Disk{"xfs", "truncate -s 300M disk && mkfs.xfs -q",
                                                IoMode::passthrough}),
                         [](const auto& disk) { return std::string(disk.param.name); });

TEST_P(FullDisk, EveryCallThatNeedsSpaceAnswersEnospcAndNothingIsHarmed) {
  session("s", "echo s > a; echo n > n; sync a n .");
  ASSERT_NO_FATAL_FAILURE(fill());
  EXPECT_THAT(sh("dd if=/dev/zero of=sessions/s/c bs=1M count=1 conv=fsync"),
              FailedWith("No space left on device"));
  EXPECT_THAT(sh("head -c 1M /dev/zero >> sessions/s/a"), FailedWith("No space left on device"));
  EXPECT_EQ(head(), "1");
  EXPECT_EQ(brief_tree(at("live")), "a=keep b=b");
  EXPECT_EQ(read("sessions/s/n"), "n\n");
  ok("head -1 sessions/s/a | cmp - <(echo s)");
}

TEST_P(FullDisk, DiscardGivesTheSpaceBackAndWorkGoesOn) {
  session("s", "echo s > a; sync a .");
  ASSERT_NO_FATAL_FAILURE(fill());
  ok("mv sessions/fill discard/");
  ASSERT_NO_FATAL_FAILURE(wait_for_room());
  ok("echo more >> sessions/s/a; sync sessions/s/a; mv sessions/s commit/");
  EXPECT_EQ(brief_tree(at("live")), "a=s\nmore b=b");
}

TEST_P(FullDisk, ItCanBeFilledAndEmptiedAgainAndAgain) {
  for (const char* round : {"1", "2", "3"}) {
    SCOPED_TRACE(round);
    ASSERT_NO_FATAL_FAILURE(fill());
    ok("mv sessions/fill discard/");
    ASSERT_NO_FATAL_FAILURE(wait_for_room());
    commit(std::string("s") + round, std::string("echo ") + round + " > a");
  }
  EXPECT_EQ(read("live/a"), "3\n");
}

TEST_P(FullDisk, ASessionCanBeDiscardedAfterTheDaemonDiedOnIt) {
  commit("first", "echo first > a");
  session("s", "echo s > b; sync b .");
  ASSERT_NO_FATAL_FAILURE(fill());
  daemon().kill_hard();
  ASSERT_EQ(daemon().take_problems(), "");
  mount();
  EXPECT_EQ(brief_tree(at("live")), "a=first b=b");
  EXPECT_EQ(read("sessions/s/b"), "s\n");
  ok("mv sessions/fill discard/");
  ASSERT_NO_FATAL_FAILURE(wait_for_room());
  ok("mv sessions/s commit/");
  EXPECT_EQ(brief_tree(at("live")), "a=first b=s");
}

}  // namespace
}  // namespace commitfs::test
