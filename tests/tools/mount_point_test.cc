#include "tools/mount_point.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/temporary_directory.h"

namespace commitfs {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kMountinfo[] =
    "22 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
    "30 22 0:27 / /proc rw,nosuid shared:5 master:2 - proc proc rw\n"
    "41 22 0:50 / /mnt/my\\040table rw,nosuid,nodev - fuse.commitfs /data/my\\040table "
    "rw,user_id=0\n"
    "42 22 0:51 / /mnt/b\\134c\\012d rw - fuse.commitfs /data/\\303\\274 rw\n"
    "43 22 0:52 / /mnt/covered rw - tmpfs first rw\n"
    "44 43 0:53 / /mnt/covered rw - fuse.commitfs /data/second rw\n"
    "45 22 0:53 /sessions/a /bound rw - fuse.commitfs /data/second rw\n";

TEST(Mountinfo, ReadsAllFields) {
  const auto mounts = parse_mountinfo(kMountinfo);
  ASSERT_THAT(mounts, SizeIs(7));
  EXPECT_EQ(mounts[1].id, 30U);
  EXPECT_EQ(mounts[1].device, "0:27");
  EXPECT_EQ(mounts[1].type, "proc");
  EXPECT_FALSE(mounts[1].is_ours());
  EXPECT_EQ(mounts[6].root, "/sessions/a");
  EXPECT_TRUE(mounts[6].is_ours());
}

TEST(Mountinfo, ResolvesOctalEscapes) {
  const auto mounts = parse_mountinfo(kMountinfo);
  EXPECT_EQ(mounts[2].point, "/mnt/my table");
  EXPECT_EQ(mounts[2].source, "/data/my table");
  EXPECT_EQ(mounts[3].point, "/mnt/b\\c\nd");
  EXPECT_EQ(mounts[3].source, "/data/\xC3\xBC");
}

TEST(Mountinfo, LinesItCannotReadAreLeftOut) {
  EXPECT_THAT(parse_mountinfo(""), IsEmpty());
  EXPECT_THAT(parse_mountinfo("\n\nx\n1 2 3 4\n"), IsEmpty());
  EXPECT_THAT(parse_mountinfo("x 1 254:0 / / rw - ext4 /dev/vda rw\n"), IsEmpty());
  EXPECT_THAT(parse_mountinfo("22 1 254:0 / / rw shared:1\n"), IsEmpty());
}

TEST(Mountinfo, OfTwoMountsAtOnePointTheLaterIsFound) {
  const auto mounts = parse_mountinfo(kMountinfo);
  EXPECT_EQ(find_mount_at(mounts, "/mnt/covered")->source, "/data/second");
  EXPECT_EQ(find_mount_of(mounts, "/mnt/covered/live")->source, "/data/second");
  EXPECT_EQ(find_mount_at(mounts, "/mnt"), nullptr);
}

TEST(Mountinfo, APathLiesInTheDeepestMountAboveIt) {
  const auto mounts = parse_mountinfo(kMountinfo);
  EXPECT_EQ(find_mount_of(mounts, "/mnt/my table/live/a")->id, 41U);
  EXPECT_EQ(find_mount_of(mounts, "/mnt/my table")->id, 41U);
  EXPECT_EQ(find_mount_of(mounts, "/mnt/my table2")->id, 22U);
  EXPECT_EQ(find_mount_of({}, "/mnt"), nullptr);
}

TEST(IsWithin, ComparesWholeComponents) {
  EXPECT_TRUE(is_within("/a/b", "/a/b"));
  EXPECT_TRUE(is_within("/a/b/c", "/a/b"));
  EXPECT_TRUE(is_within("/a", "/"));
  EXPECT_FALSE(is_within("/a/bc", "/a/b"));
  EXPECT_FALSE(is_within("/a", "/a/b"));
}

class ResolveMountPoint : public ::testing::Test {
 protected:
  const test::TemporaryDirectory temporary_;
  const std::filesystem::path directory_ = std::filesystem::canonical(temporary_.path());
};

TEST_F(ResolveMountPoint, AMountPointIsFoundByItsTextAlone) {
  // It does not exist: asking the file system would fail.
  const auto mounts = parse_mountinfo(kMountinfo);
  EXPECT_EQ(resolve_mount_point(mounts, "/mnt/my table/"), "/mnt/my table");
  EXPECT_EQ(resolve_mount_point(mounts, "/mnt/./x/../my table"), "/mnt/my table");
}

TEST_F(ResolveMountPoint, AMountPointIsFoundThroughALinkToItsParent) {
  std::filesystem::create_directory(directory_ / "real");
  std::filesystem::create_symlink("real", directory_ / "link");
  MountEntry mount;
  mount.point = directory_ / "real/there is no such directory";
  EXPECT_EQ(resolve_mount_point({mount}, directory_ / "link/there is no such directory"),
            mount.point);
}

TEST_F(ResolveMountPoint, LinksAreFollowed) {
  std::filesystem::create_directory(directory_ / "real");
  std::filesystem::create_symlink("real", directory_ / "link");
  EXPECT_EQ(resolve_mount_point({}, directory_ / "link"), directory_ / "real");
}

TEST_F(ResolveMountPoint, WhatDoesNotExistIsASentence) {
  const auto resolved = resolve_mount_point({}, directory_ / "none");
  ASSERT_FALSE(resolved);
  EXPECT_EQ(resolved.error().code, ENOENT);
  EXPECT_EQ(resolved.error().context,
            (directory_ / "none").native() + ": No such file or directory");
}

TEST(ReadMounts, FindsTheRoot) {
  const auto mounts = read_mounts();
  ASSERT_TRUE(mounts);
  EXPECT_NE(find_mount_at(*mounts, "/"), nullptr);
}

TEST(FindWholeMount, OfAPathInsideIsThatMount) {
  const auto mounts = parse_mountinfo(kMountinfo);
  EXPECT_EQ(find_whole_mount(mounts, "/mnt/my table/sessions/a")->point, "/mnt/my table");
}

TEST(FindWholeMount, OfABindMountOfAPartIsTheWhole) {
  const auto mounts = parse_mountinfo(kMountinfo);
  EXPECT_EQ(find_whole_mount(mounts, "/bound/d")->point, "/mnt/covered");
}

TEST(FindWholeMount, OfATableIsItsMount) {
  const auto mounts = parse_mountinfo(kMountinfo);
  EXPECT_EQ(find_whole_mount(mounts, "/data/second")->point, "/mnt/covered");
  EXPECT_EQ(find_whole_mount(mounts, "/data/second/below"), nullptr);
  EXPECT_EQ(find_whole_mount(mounts, "/data"), nullptr);
}

}  // namespace
}  // namespace commitfs
