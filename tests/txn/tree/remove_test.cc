#include <unistd.h>

#include "tests/txn/tree/tree_test.h"

namespace commitfs::test {
namespace {

using Link = TreeTest;

TEST_F(Link, IsOneInodeWithTwoNames) {
  const InodeId original = inode("a").id;
  clock_.advance_s(1);
  const InodeRecord linked = must(shell().link("a", "d/second")).inode;
  EXPECT_EQ(linked.id, original);
  EXPECT_EQ(linked.nlink, 2U);
  EXPECT_EQ(linked.ctime_ns, clock_.now_ns());
  ASSERT_OK(shell().append("d/second", "+more"));
  EXPECT_EQ(must(shell().read("a")), "bytes+more");
  ASSERT_OK(shell().unlink("a"));
  EXPECT_EQ(inode("d/second").nlink, 1U);
  EXPECT_EQ(shell().brief(), "d/ d/f=old d/second=bytes+more l->a");
}

TEST_F(Link, RefusesDirectoriesTakenNamesAndUnlinkedFiles) {
  EXPECT_ERRNO(shell().link("d", "d2"), EPERM);
  EXPECT_ERRNO(shell().link("a", "l"), EEXIST);
  EXPECT_ERRNO(shell().link("d", "a"), EEXIST);
  const InodeId unlinked = inode("a").id;
  ASSERT_OK(shell().unlink("a"));
  EXPECT_ERRNO(tree::link(session(), unlinked, InodeId::root, "again"), ENOENT);
}

TEST_F(Link, BeyondTheLimitIsEmlink) {
  const InodeId id = inode("a").id;
  ASSERT_OK(session().mutate([&](SessionData& data) -> Result<void> {
    TRY(data.edit_inode(id))->record.nlink = 65'000;
    return {};
  }));
  EXPECT_ERRNO(shell().link("a", "b"), EMLINK);
}

using Unlink = TreeTest;

TEST_F(Unlink, RefusesDirectoriesAndAbsentNames) {
  EXPECT_ERRNO(shell().unlink("d"), EISDIR);
  EXPECT_ERRNO(shell().unlink("none"), ENOENT);
  EXPECT_ERRNO(tree::unlink(session(), inode("a").id, "x"), ENOTDIR);
}

TEST_F(Unlink, OfABaseFileHidesIt) {
  clock_.advance_s(1);
  ASSERT_OK(shell().unlink("d/f"));
  EXPECT_EQ(shell().brief(), "a=bytes d/ l->a");
  EXPECT_EQ(inode("d").mtime_ns, clock_.now_ns());
  EXPECT_ERRNO(shell().unlink("d/f"), ENOENT);
}

TEST_F(Unlink, OpenFileStaysUntilTheKernelLetsGo) {
  const auto file = must(tree::create(session(), {}, InodeId::root, "temporary", 0644, true));
  const InodeId id = file.attributes.inode.id;
  const std::size_t bodies = stored_bodies();
  ASSERT_OK(shell().unlink("temporary"));
  ASSERT_EQ(::write(file.body.get(), "still", 5), 5);
  EXPECT_EQ(must(session().attributes(id)).inode.nlink, 0U);
  EXPECT_EQ(must(session().attributes(id)).inode.size_bytes, 5U);
  EXPECT_EQ(must(shell().read(id)), "still");

  tree::release_writer(session(), id);
  tree::release_inode(session(), id);
  EXPECT_ERRNO(session().attributes(id), ENOENT);
  EXPECT_EQ(stored_bodies(), bodies - 1);
  EXPECT_EQ(changed_names(), 0U);
  EXPECT_EQ(changed_inodes(), 1U);  // the root, whose times changed
}

TEST_F(Unlink, WriterMayOutliveTheKernelsHold) {
  const auto file = must(tree::create(session(), {}, InodeId::root, "temporary", 0644, true));
  const InodeId id = file.attributes.inode.id;
  ASSERT_OK(shell().unlink("temporary"));
  tree::release_inode(session(), id);
  EXPECT_OK(session().attributes(id));
  tree::release_writer(session(), id);
  EXPECT_ERRNO(session().attributes(id), ENOENT);
}

TEST_F(Unlink, OpenBaseFileStaysReadable) {
  const InodeId id = inode("a").id;
  ASSERT_OK(shell().unlink("a"));
  EXPECT_EQ(must(shell().read(id)), "bytes");
  EXPECT_EQ(must(session().attributes(id)).inode.nlink, 0U);
  EXPECT_OK(tree::open_for_writing(session(), id, false));
}

using Rmdir = TreeTest;

TEST_F(Rmdir, RefusesFullDirectoriesFilesAndAbsentNames) {
  EXPECT_ERRNO(shell().rmdir("d"), ENOTEMPTY);
  EXPECT_ERRNO(shell().rmdir("a"), ENOTDIR);
  EXPECT_ERRNO(shell().rmdir("none"), ENOENT);
}

TEST_F(Rmdir, CountsRemovedBaseEntriesAsGoneAndNewOnesAsThere) {
  ASSERT_OK(shell().unlink("d/f"));
  ASSERT_OK(shell().create("d/g"));
  EXPECT_ERRNO(shell().rmdir("d"), ENOTEMPTY);
  ASSERT_OK(shell().unlink("d/g"));
  const std::uint32_t links = inode("").nlink;
  EXPECT_OK(shell().rmdir("d"));
  EXPECT_EQ(inode("").nlink, links - 1);
}

TEST_F(Rmdir, NothingCanBeMadeInARemovedDirectory) {
  const InodeId removed = must(shell().mkdir("e")).inode.id;
  ASSERT_OK(shell().rmdir("e"));
  EXPECT_EQ(must(session().attributes(removed)).inode.nlink, 0U);
  EXPECT_ERRNO(tree::create(session(), {}, removed, "x", 0644, false), ENOENT);
  EXPECT_ERRNO(tree::mkdir(session(), {}, removed, "x", 0755), ENOENT);
  EXPECT_ERRNO(tree::rename(session(), InodeId::root, "a", removed, "a", 0), ENOENT);
  tree::release_inode(session(), removed);
  EXPECT_ERRNO(session().attributes(removed), ENOENT);
}

TEST_F(Rmdir, OfADirectoryMadeHereLeavesNoName) {
  const InodeId made = must(shell().mkdir("e")).inode.id;
  ASSERT_OK(shell().rmdir("e"));
  tree::release_inode(session(), made);
  EXPECT_EQ(changed_names(), 0U);
  EXPECT_EQ(changed_inodes(), 1U);
}

}  // namespace
}  // namespace commitfs::test
