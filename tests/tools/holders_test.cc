#include "tools/holders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/temporary_directory.h"

namespace commitfs {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// A /proc of its own making.
class Holders : public ::testing::Test {
 protected:
  Holders() {
    write("version", "not a process\n");
    add_process("1", "init");
  }

  void write(const std::filesystem::path& name, const std::string& text) {
    std::ofstream(proc_ / name) << text;
  }
  void link(const std::filesystem::path& name, const std::string& target) {
    std::filesystem::remove(proc_ / name);
    std::filesystem::create_symlink(target, proc_ / name);
  }
  void add_process(const std::string& pid, const std::string& command) {
    std::filesystem::create_directories(proc_ / pid / "fd");
    write(pid + "/comm", command + "\n");
    for (const char* name : {"cwd", "root"})
      link(pid + "/" + name, "/");
    link(pid + "/exe", "/bin/" + command);
    link(pid + "/fd/0", "/dev/null");
  }
  std::vector<std::string> found() const {
    std::vector<std::string> lines;
    for (const Holder& holder : find_holders("/mnt/t", proc_))
      lines.push_back(holder.describe());
    return lines;
  }

  const test::TemporaryDirectory directory_;
  const std::filesystem::path proc_ = directory_.path();
};

TEST_F(Holders, NobodyHoldsWhatNobodyUses) {
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(Holders, AreNamedByWhatTheyUseInTheOrderOfTheirNumbers) {
  add_process("1234", "bash");
  link("1234/cwd", "/mnt/t/sessions/nightly");
  add_process("99", "python3");
  link("99/fd/7", "/mnt/t/sessions/a/b c.csv");
  add_process("100", "duckdb");
  write("100/maps",
        "7f00-7f01 r-xp 0 00:01 1\n"
        "7f01-7f02 r--s 0 00:34 12          /mnt/t/live/part 1.parquet\n");
  add_process("101", "tool");
  link("101/exe", "/mnt/t/live/tool");
  add_process("102", "jailed");
  link("102/root", "/mnt/t");
  EXPECT_THAT(found(), ElementsAre("99 (python3) has sessions/a/b c.csv open",
                                   "100 (duckdb) has live/part 1.parquet mapped",
                                   "101 (tool) runs live/tool",
                                   "102 (jailed) has its root directory in the mount point",
                                   "1234 (bash) has its working directory in sessions/nightly"));
}

TEST_F(Holders, APathThatOnlyBeginsAlikeIsNotMeant) {
  link("1/cwd", "/mnt/t2/sessions");
  link("1/fd/3", "/mnt/tt");
  EXPECT_THAT(found(), IsEmpty());
}

TEST_F(Holders, OfADirectoryBelowTheMountButForWhatIsIgnoredThere) {
  add_process("7", "cat");
  link("7/fd/3", "/mnt/t/sessions/a/.commitfs/status");
  add_process("8", "vi");
  link("8/fd/3", "/mnt/t/sessions/a/d/x");
  add_process("9", "sh");
  link("9/cwd", "/mnt/t/sessions/ab");
  add_process("10", "sh");
  link("10/cwd", "/mnt/t/sessions/a");
  const auto holders = find_holders("/mnt/t/sessions/a", proc_, ".commitfs", "the session");
  ASSERT_EQ(holders.size(), 2U);
  EXPECT_EQ(holders.front().describe(), "8 (vi) has d/x open");
  EXPECT_EQ(holders.back().describe(), "10 (sh) has its working directory in the session");
}

TEST_F(Holders, OtherNamespacesAreFoundByTheDeviceAndTheTable) {
  write("1/mountinfo", "41 22 0:50 / /mnt/x rw - fuse.commitfs /data rw\n");
  MountEntry mount{.device = "0:50", .point = "/mnt/y", .source = "/data"};
  const auto others = find_other_namespaces(mount, proc_);
  ASSERT_EQ(others.size(), 1U);
  EXPECT_EQ(others.front().describe(), "1 (init) still sees it mounted at /mnt/x");
  mount.source = "/other";
  EXPECT_THAT(find_other_namespaces(mount, proc_), IsEmpty());
  mount = {.device = "0:51", .point = "/mnt/y", .source = "/data"};
  EXPECT_THAT(find_other_namespaces(mount, proc_), IsEmpty());
}

}  // namespace
}  // namespace commitfs
