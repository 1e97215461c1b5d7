#include <sys/xattr.h>

#include "tests/txn/tree/tree_test.h"

namespace commitfs::test {
namespace {

using Setattr = TreeTest;

TEST_F(Setattr, ChangesModeOwnerAndCtimeOnly) {
  const InodeRecord before = inode("a");
  clock_.advance_s(1);
  const InodeRecord after = must(shell().setattr("a", {.mode = 04711, .uid = 5, .gid = 6})).inode;
  EXPECT_EQ(after.mode, S_IFREG | 04711U);
  EXPECT_EQ(after.uid, 5U);
  EXPECT_EQ(after.gid, 6U);
  EXPECT_EQ(after.ctime_ns, clock_.now_ns());
  EXPECT_EQ(after.mtime_ns, before.mtime_ns);
  EXPECT_EQ(after.object, before.object);
  EXPECT_EQ(must(context_.store->stat(before.object)).st_mode & 07777U, 0600U);
}

TEST_F(Setattr, TimesOfAnUnopenedFileStayInItsRecord) {
  const InodeRecord after = must(shell().setattr("a", {.atime_ns = 11, .mtime_ns = -22})).inode;
  EXPECT_EQ(after.atime_ns, 11);
  EXPECT_EQ(after.mtime_ns, -22);
  must(tree::open_for_writing(session(), after.id, false));
  EXPECT_EQ(inode("a").atime_ns, 11);
  EXPECT_EQ(inode("a").mtime_ns, -22);
}

TEST_F(Setattr, TimesOfAStagedBodyAreItsObjects) {
  ASSERT_OK(shell().append("a", "+"));
  const InodeRecord after = must(shell().setattr("a", {.mtime_ns = 1'000'000'007})).inode;
  EXPECT_EQ(after.mtime_ns, 1'000'000'007);
  EXPECT_EQ(must(context_.store->stat(after.object)).st_mtim.tv_nsec, 7);
  ASSERT_OK(shell().append("a", "+"));
  EXPECT_GT(inode("a").mtime_ns, 1'000'000'007);
}

TEST_F(Setattr, SizeCopiesUpAndCuts) {
  EXPECT_EQ(must(shell().setattr("a", {.size_bytes = 2})).inode.size_bytes, 2U);
  EXPECT_EQ(must(shell().read("a")), "by");
  EXPECT_EQ(must(shell().setattr("a", {.size_bytes = 4})).inode.size_bytes, 4U);
  EXPECT_EQ(must(shell().read("a")), std::string("by\0\0", 4));
  EXPECT_EQ(must(shell().setattr("a", {.size_bytes = 0})).inode.size_bytes, 0U);
  EXPECT_TRUE(session().wait_for_writers({}).empty());
  EXPECT_ERRNO(shell().setattr("a", {.size_bytes = ~0ULL}), EFBIG);
  EXPECT_ERRNO(shell().setattr("d", {.size_bytes = 0}), EISDIR);
}

TEST_F(Setattr, ChmodAfterAWriteShowsTheLaterCtime) {
  ASSERT_OK(shell().append("a", "+"));
  clock_.advance_s(1'000'000'000);
  EXPECT_EQ(must(shell().setattr("a", {.mode = 0600})).inode.ctime_ns, clock_.now_ns());
}

using Xattr = TreeTest;

TEST_F(Xattr, FlagsDecideBetweenNewAndOld) {
  EXPECT_ERRNO(shell().setxattr("a", "user.k", "v", XATTR_REPLACE), ENODATA);
  ASSERT_OK(shell().setxattr("a", "user.k", "v", XATTR_CREATE));
  EXPECT_ERRNO(shell().setxattr("a", "user.k", "w", XATTR_CREATE), EEXIST);
  ASSERT_OK(shell().setxattr("a", "user.k", "w", XATTR_REPLACE));
  EXPECT_EQ(must(session().xattr(inode("a").id, "user.k")), "w");
  EXPECT_ERRNO(session().xattr(inode("a").id, "user.none"), ENODATA);
  EXPECT_ERRNO(shell().setxattr("a", std::string(256, 'x'), "v"), ERANGE);
  EXPECT_ERRNO(shell().setxattr("a", "user.big", std::string(64 * 1024 + 1, 'x')), E2BIG);
}

TEST_F(Xattr, LayersOverTheBases) {
  commit_base(BaseTree().file("f").xattr("f", "user.a", "1").xattr("f", "user.b", "2"));
  Shell over(begin());
  const InodeId id = must(over.find("f"));
  ASSERT_OK(tree::removexattr(over.session(), id, "user.a"));
  EXPECT_ERRNO(tree::removexattr(over.session(), id, "user.a"), ENODATA);
  ASSERT_OK(over.setxattr("f", "user.c", "3"));
  EXPECT_EQ(must(over.session().xattr_names(id)), (std::vector<std::string>{"user.b", "user.c"}));
  ASSERT_OK(over.setxattr("f", "user.a", "4"));
  EXPECT_EQ(must(over.session().xattr(id, "user.a")), "4");
  ASSERT_OK(tree::removexattr(over.session(), id, "user.c"));
  EXPECT_EQ(must(over.session().xattr_names(id)), (std::vector<std::string>{"user.a", "user.b"}));
}

}  // namespace
}  // namespace commitfs::test
