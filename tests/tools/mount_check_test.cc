#include "tools/mount_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/temporary_directory.h"

namespace commitfs {
namespace {

class MountCheck : public ::testing::Test {
 protected:
  MountCheck() {
    std::filesystem::create_directories(table() / "inner");
    std::filesystem::create_directories(mount_point() / "inner");
  }

  std::filesystem::path table() const { return directory_ / "table"; }
  std::filesystem::path mount_point() const { return directory_ / "mnt"; }
  MountEntry ours(const std::filesystem::path& point, const std::filesystem::path& source) const {
    MountEntry mount;
    mount.root = "/";
    mount.point = point;
    mount.type = "fuse.commitfs";
    mount.source = source;
    return mount;
  }
  /// The sentence, with this test's directory as DIR; empty when there is nothing to say.
  std::string refusal(const std::filesystem::path& table, const std::filesystem::path& mount_point,
                      const std::vector<MountEntry>& mounts = {}) const {
    const auto places = check_places(mounts, table, mount_point);
    if (places) return "";
    std::string text = places.error().context;
    for (std::size_t at; (at = text.find(directory_.native())) != std::string::npos;) {
      text.replace(at, directory_.native().size(), "DIR");
    }
    return text;
  }

  const test::TemporaryDirectory temporary_;
  const std::filesystem::path directory_ = std::filesystem::canonical(temporary_.path());
};

TEST_F(MountCheck, AnswersRealPaths) {
  std::filesystem::create_directory_symlink(table(), directory_ / "link");
  const auto places = check_places({}, directory_ / "link", mount_point() / "../mnt/");
  ASSERT_TRUE(places);
  EXPECT_EQ(places->table, table());
  EXPECT_EQ(places->mount_point, mount_point());
}

TEST_F(MountCheck, BothMustBeDirectories) {
  std::ofstream(directory_ / "file") << "x";
  EXPECT_EQ(refusal(directory_ / "none", mount_point()),
            "the table DIR/none does not exist; mkdir it first for an empty one");
  EXPECT_EQ(refusal(directory_ / "file", mount_point()), "the table DIR/file is not a directory");
  EXPECT_EQ(refusal(table(), directory_ / "none"),
            "the mount point DIR/none does not exist; mkdir it first");
  EXPECT_EQ(refusal(table(), directory_ / "file"), "the mount point DIR/file is not a directory");
}

TEST_F(MountCheck, NeitherMayLieInTheOther) {
  EXPECT_EQ(refusal(table(), table()), "DIR/table cannot be both table and mount point");
  EXPECT_EQ(refusal(table(), table() / "inner"),
            "the mount point DIR/table/inner lies inside the table DIR/table; choose one outside");
  EXPECT_EQ(refusal(mount_point() / "inner", mount_point()),
            "the table DIR/mnt/inner lies inside the mount point DIR/mnt, which would hide it");
}

TEST_F(MountCheck, OneMountAPoint) {
  EXPECT_EQ(refusal(table(), mount_point(), {ours(mount_point(), "/data/other")}),
            "DIR/mnt is a mount point already: /data/other (fuse.commitfs) is mounted there");
}

TEST_F(MountCheck, OneMountATable) {
  EXPECT_EQ(refusal(table(), mount_point(), {ours("/mnt/elsewhere", table())}),
            "the table DIR/table is mounted already, at /mnt/elsewhere");
}

TEST_F(MountCheck, ATableInAMountOfOursIsRefused) {
  EXPECT_EQ(refusal(table() / "inner", mount_point(), {ours(table(), "/data/other")}),
            "the table DIR/table/inner lies in the commitfs mount at DIR/table; name the directory "
            "that is mounted there, /data/other, or another one");
}

}  // namespace
}  // namespace commitfs
