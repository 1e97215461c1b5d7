// commitfs without any privilege: an ordinary user mounts his own table, as FUSE lets everybody.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/daemon.h"
#include "tests/support/process.h"
#include "tests/support/temporary_directory.h"

namespace commitfs::test {
namespace {

namespace filesystem = std::filesystem;
using ::testing::HasSubstr;

constexpr const char* kDevice = "/dev/fuse";

/// Where udev lets everybody open the device it stays as it is, else for the time of the test.
class OpenDevice {
 public:
  OpenDevice() {
    struct stat found{};
    if (::stat(kDevice, &found) != 0 || (found.st_mode & S_IWOTH) != 0) return;
    mode_ = found.st_mode & 07777;
    ::chmod(kDevice, 0666);
  }
  OpenDevice(const OpenDevice&) = delete;
  OpenDevice& operator=(const OpenDevice&) = delete;
  ~OpenDevice() {
    if (mode_ != 0) ::chmod(kDevice, mode_);
  }

 private:
  mode_t mode_ = 0;
};

/// A table in `t` with the files a and d/b, and a mount point `m`, all of them nobody's, who is who
/// runs the scripts: in the directory, with `commitfs` in the path.
class OrdinaryUser : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can become somebody else";
    if (const auto reason = why_no_mount(); !reason.empty()) GTEST_SKIP() << reason;
    if (run({"sh", "-c", "command -v fusermount3"}).exit_code != 0)
      GTEST_SKIP() << "without fusermount3 only root can mount";
    // The build may be where nobody else may look.
    filesystem::create_directory(directory_ / "bin");
    filesystem::copy(program(), directory_ / "bin/commitfs");
    ::chmod(directory_.path().c_str(), 0755);
    filesystem::create_directory(directory_ / "home");
    ASSERT_EQ(::chown((directory_ / "home").c_str(), kNobody, kNobody), 0);
    ok("mkdir -p t/d m; echo 1 > t/a; echo 1 > t/d/b");
  }
  void TearDown() override {
    if (filesystem::exists(directory_ / "home/m"))
      (void)::umount2((directory_ / "home/m").c_str(), MNT_DETACH);
  }

  Output sh(const std::string& script) {
    return run(
        {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "bash", "-ec", script},
        {.directory = directory_ / "home",
         .environment = {"LC_ALL=C", "HOME=" + (directory_ / "home").native(),
                         "PATH=" + (directory_ / "bin").native() + ":/usr/bin:/bin"},
         .on_hang = [this] {
           (void)::umount2((directory_ / "home/m").c_str(), MNT_FORCE | MNT_DETACH);
         }});
  }
  std::string ok(const std::string& script) {
    const Output output = sh(script);
    EXPECT_EQ(output.exit_code, 0) << script << ": " << output;
    return output.out;
  }

  static constexpr uid_t kNobody = 65534;
  const TemporaryDirectory directory_;
  const OpenDevice device_;
};

// One test for all, so that no other changes the device meanwhile.
TEST_F(OrdinaryUser, HasAllOfItInATableOfHisOwn) {
  EXPECT_THAT(ok("commitfs mount t m"), HasSubstr("adopted 2 files"));

  // A commit, a conflict, the redo, a look into the past.
  ok("mkdir m/sessions/{one,two}; echo one > m/sessions/one/a; echo two > m/sessions/two/a;"
     "echo two > m/sessions/two/n; mv m/sessions/one m/commit/");
  EXPECT_THAT(sh("mv m/sessions/two m/commit/").err, HasSubstr("Operation canceled"));
  EXPECT_THAT(ok("cat m/sessions/two/.commitfs/conflicts"), HasSubstr("UPDATE_UPDATE  a\n"));
  ok("mv m/sessions/two m/discard/; mkdir m/sessions/two; cat m/sessions/two/a > m/sessions/two/n;"
     "commitfs commit m/sessions/two");
  EXPECT_EQ(ok("cat m/live/a m/live/n m/snapshots/1/a"), "one\none\n1\n");

  // What he may do with his files is what he may do anywhere.
  ok("mkdir m/sessions/s; cd m/sessions/s; chmod 640 a; ln a l; mkfifo p; setfacl -m u:1:r d/b ||"
     " true; truncate -s 1M d/b; python3 -c 'import mmap\n"
     "with open(\"d/b\", \"r+b\") as f, mmap.mmap(f.fileno(), 0) as m: m[4096:4101] = b\"bytes\"'");
  EXPECT_THAT(sh("chown 0 m/sessions/s/a").err, HasSubstr("Operation not permitted"));
  EXPECT_THAT(sh("mknod m/sessions/s/dev c 1 3").err, HasSubstr("Operation not permitted"));
  ok("mv m/sessions/s m/commit/");
  EXPECT_EQ(ok("stat -c '%a %h %U' m/live/a; stat -c %F m/live/p;"
               "tail -c +4097 m/live/d/b | head -c 5"),
            "640 2 nobody\nfifo\nbytes");

  // Nobody else sees it, root neither; and the mount says so, not the program.
  EXPECT_NE(::access((directory_ / "home/m/live").c_str(), F_OK), 0);

  // A daemon that is killed loses nothing.
  ok("mkdir m/sessions/kept; echo k > m/sessions/kept/k; sync m/sessions/kept/k;"
     "pkill -KILL -u $(id -u) -x commitfs; fusermount3 -u -z m");
  ok("until commitfs mount t m; do sleep 0.05; done; mv m/sessions/kept m/commit/");
  EXPECT_EQ(ok("cat m/live/k; commitfs log t | wc -l"), "k\n5\n");

  ok("commitfs umount m; commitfs fsck t");
  EXPECT_EQ(ok("ls m"), "");
}

}  // namespace
}  // namespace commitfs::test
