#include <unistd.h>

#include "tests/txn/tree/tree_test.h"

namespace commitfs::test {
namespace {

using Create = TreeTest;

TEST_F(Create, MakesAnEmptyFileOfTheCallers) {
  const InodeRecord made = must(shell().create("d/new", "", 0666)).inode;
  EXPECT_EQ(made.mode, S_IFREG | 0644U);
  EXPECT_EQ(made.uid, 1000U);
  EXPECT_EQ(made.gid, 1000U);
  EXPECT_EQ(made.nlink, 1U);
  EXPECT_EQ(made.size_bytes, 0U);
  EXPECT_EQ(shell().brief(), "a=bytes d/ d/f=old d/new= l->a");
}

TEST_F(Create, SizeFollowsWritesToTheBodyItself) {
  const auto file = must(tree::create(session(), {}, InodeId::root, "new", 0644, true));
  ASSERT_EQ(::write(file.body.get(), "12345", 5), 5);
  EXPECT_EQ(inode("new").size_bytes, 5U);
  EXPECT_TRUE(must(shell().stat("new")).staged);
}

TEST_F(Create, ExistingNameIsEexistAndLeavesNoBody) {
  const std::size_t bodies = stored_bodies();
  EXPECT_ERRNO(shell().create("a"), EEXIST);
  EXPECT_ERRNO(shell().create("l"), EEXIST);
  EXPECT_ERRNO(shell().create("d"), EEXIST);
  EXPECT_EQ(stored_bodies(), bodies);
  EXPECT_EQ(changed_inodes(), 0U);
}

TEST_F(Create, InAFileIsEnotdirInNothingEnoent) {
  EXPECT_ERRNO(tree::create(session(), {}, inode("a").id, "x", 0644, true), ENOTDIR);
  EXPECT_ERRNO(tree::create(session(), {}, InodeId{999'999}, "x", 0644, true), ENOENT);
}

TEST_F(Create, UpdatesTheDirectorysTimesOnly) {
  const InodeRecord before = inode("d");
  clock_.advance_s(5);
  ASSERT_OK(shell().create("d/new"));
  const InodeRecord after = inode("d");
  EXPECT_EQ(after.mtime_ns, clock_.now_ns());
  EXPECT_EQ(after.ctime_ns, clock_.now_ns());
  EXPECT_EQ(after.nlink, before.nlink);
  EXPECT_EQ(after.mode, before.mode);
}

TEST_F(Create, InASetgidDirectoryInheritsTheGroup) {
  ASSERT_OK(shell().setattr("d", {.mode = 02775, .gid = 77}));
  EXPECT_EQ(must(shell().create("d/new")).inode.gid, 77U);
  const InodeRecord below = must(shell().mkdir("d/sub")).inode;
  EXPECT_EQ(below.gid, 77U);
  EXPECT_EQ(below.mode, S_IFDIR | 02755U);
}

TEST_F(Create, FrozenSessionIsErofs) {
  ASSERT_OK(session().freeze());
  EXPECT_ERRNO(shell().create("new"), EROFS);
  EXPECT_ERRNO(shell().mkdir("new"), EROFS);
  EXPECT_ERRNO(shell().unlink("a"), EROFS);
  EXPECT_ERRNO(shell().append("a", "x"), EROFS);
  session().thaw();
  EXPECT_OK(shell().create("new"));
}

TEST_F(Create, OfANameTheSessionRemovedTakesItsPlace) {
  const InodeId before = inode("a").id;
  ASSERT_OK(shell().unlink("a"));
  ASSERT_OK(shell().create("a", "anew"));
  EXPECT_NE(inode("a").id, before);
  EXPECT_EQ(shell().brief(), "a=anew d/ d/f=old l->a");
}

using Mknod = TreeTest;

TEST_F(Mknod, MakesFilesFifosAndDevices) {
  EXPECT_EQ(must(shell().mknod("file", 0666)).inode.mode, S_IFREG | 0644U);
  EXPECT_EQ(must(shell().mknod("fifo", S_IFIFO | 0600)).inode.mode, S_IFIFO | 0600U);
  EXPECT_EQ(must(shell().mknod("device", S_IFCHR | 0600, 0x105)).inode.rdev, 0x105U);
  EXPECT_ERRNO(shell().mknod("fifo", S_IFIFO | 0600), EEXIST);
  EXPECT_ERRNO(shell().mknod("directory", S_IFDIR | 0700), EPERM);
  EXPECT_ERRNO(shell().mknod("what", S_IFLNK | 0700), EINVAL);
}

using Mkdir = TreeTest;

TEST_F(Mkdir, CountsInTheParentsLinks) {
  const std::uint32_t before = inode("d").nlink;
  EXPECT_EQ(must(shell().mkdir("d/sub")).inode.nlink, 2U);
  EXPECT_EQ(inode("d").nlink, before + 1);
  EXPECT_ERRNO(shell().mkdir("d/sub"), EEXIST);
  EXPECT_ERRNO(shell().mkdir("a"), EEXIST);
}

TEST_F(Mkdir, TakesTheStickyBitAndNoOther) {
  EXPECT_EQ(must(shell().mkdir("tmp", 07777)).inode.mode, S_IFDIR | 01755U);
}

using Symlink = TreeTest;

TEST_F(Symlink, KeepsItsTargetAndSize) {
  const InodeRecord made = must(shell().symlink("to/there", "link")).inode;
  EXPECT_EQ(made.symlink_target, "to/there");
  EXPECT_EQ(made.size_bytes, 8U);
  EXPECT_EQ(made.mode, S_IFLNK | 0777U);
}

TEST_F(Symlink, EmptyTargetIsEnoentLongOneEnametoolong) {
  EXPECT_ERRNO(shell().symlink("", "link"), ENOENT);
  EXPECT_ERRNO(shell().symlink(std::string(4096, 'x'), "link"), ENAMETOOLONG);
  EXPECT_OK(shell().symlink(std::string(4095, 'x'), "link"));
  EXPECT_ERRNO(shell().symlink("x", "a"), EEXIST);
}

}  // namespace
}  // namespace commitfs::test
