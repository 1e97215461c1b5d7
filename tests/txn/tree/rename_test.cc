#include <linux/fs.h>

#include "tests/txn/tree/tree_test.h"

namespace commitfs::test {
namespace {

class Rename : public TableFixture {
 protected:
  void SetUp() override {
    commit_base(BaseTree()
                    .file("a", "A")
                    .file("b", "B")
                    .directory("d")
                    .file("d/f", "F")
                    .directory("e")
                    .directory("e/sub")
                    .file("e/sub/g", "G")
                    .directory("empty"));
    shell_.emplace(begin());
  }
  Result<void> rename(const std::string& from, const std::string& to, unsigned flags = 0) {
    return shell_->rename(from, to, flags);
  }
  std::string brief() const { return shell_->brief(); }
  InodeRecord inode(const std::string& path) { return must(shell_->stat(path)).inode; }
  bool says_nothing_of_names() {
    return must(shell_->session().read(
        [](const SessionData& data) -> Result<bool> { return data.changes.dirents().empty(); }));
  }

  std::optional<Shell> shell_;
};

TEST_F(Rename, MovesAFileAndKeepsItsInode) {
  const InodeId id = inode("a").id;
  clock_.advance_s(1);
  ASSERT_OK(rename("a", "d/moved"));
  EXPECT_EQ(brief(), "b=B d/ d/f=F d/moved=A e/ e/sub/ e/sub/g=G empty/");
  EXPECT_EQ(inode("d/moved").id, id);
  EXPECT_EQ(inode("d/moved").ctime_ns, clock_.now_ns());
  EXPECT_EQ(inode("d").mtime_ns, clock_.now_ns());
  EXPECT_EQ(inode("").mtime_ns, clock_.now_ns());
}

TEST_F(Rename, OverAFileDropsItsLink) {
  const InodeId replaced = inode("b").id;
  ASSERT_OK(rename("a", "b"));
  EXPECT_EQ(brief(), "b=A d/ d/f=F e/ e/sub/ e/sub/g=G empty/");
  EXPECT_EQ(must(shell_->session().attributes(replaced)).inode.nlink, 0U);
}

TEST_F(Rename, OfADirectoryTakesItsTreeAlongAndMovesTheParentLink) {
  ASSERT_OK(rename("e", "d/e"));
  EXPECT_EQ(brief(), "a=A b=B d/ d/e/ d/e/sub/ d/e/sub/g=G d/f=F empty/");
  EXPECT_EQ(inode("").nlink, 4U);
  EXPECT_EQ(inode("d").nlink, 3U);
  EXPECT_EQ(must(shell_->session().parent_of(inode("d/e").id)), inode("d").id);
  EXPECT_EQ(must(shell_->session().path_of(inode("d/e/sub/g").id)), "d/e/sub/g");
}

TEST_F(Rename, OverAnEmptyDirectoryReplacesIt) {
  const InodeId replaced = inode("empty").id;
  ASSERT_OK(rename("d", "empty"));
  EXPECT_EQ(brief(), "a=A b=B e/ e/sub/ e/sub/g=G empty/ empty/f=F");
  EXPECT_EQ(inode("").nlink, 4U);
  EXPECT_EQ(must(shell_->session().attributes(replaced)).inode.nlink, 0U);
}

TEST_F(Rename, OverADirectoryElsewhereKeepsLinkCountsRight) {
  ASSERT_OK(shell_->unlink("e/sub/g"));
  ASSERT_OK(rename("empty", "e/sub"));
  EXPECT_EQ(inode("").nlink, 4U);
  EXPECT_EQ(inode("e").nlink, 3U);
}

TEST_F(Rename, AbsentNameIsEnoent) {
  EXPECT_ERRNO(rename("none", "x"), ENOENT);
}
TEST_F(Rename, FileOverDirectoryIsEisdir) {
  EXPECT_ERRNO(rename("a", "empty"), EISDIR);
}
TEST_F(Rename, DirectoryOverFileIsEnotdir) {
  EXPECT_ERRNO(rename("d", "a"), ENOTDIR);
}
TEST_F(Rename, OverAFullDirectoryIsEnotempty) {
  EXPECT_ERRNO(rename("empty", "d"), ENOTEMPTY);
}
TEST_F(Rename, IntoOwnSubtreeIsEinval) {
  EXPECT_ERRNO(rename("e", "e/sub/e"), EINVAL);
}
TEST_F(Rename, IntoItselfIsEinval) {
  EXPECT_ERRNO(rename("e", "e/e"), EINVAL);
}
TEST_F(Rename, OverAnAncestorIsEnotempty) {
  EXPECT_ERRNO(rename("e/sub/g", "e"), ENOTEMPTY);
}
TEST_F(Rename, UnknownFlagsAreEinval) {
  EXPECT_ERRNO(rename("a", "x", RENAME_WHITEOUT), EINVAL);
  EXPECT_ERRNO(rename("a", "b", RENAME_NOREPLACE | RENAME_EXCHANGE), EINVAL);
}

TEST_F(Rename, SubtreeCheckSeesMovesOfTheSession) {
  ASSERT_OK(rename("d", "e/sub/d"));
  EXPECT_ERRNO(rename("e", "e/sub/d/e"), EINVAL);
  EXPECT_OK(rename("e/sub/d", "d"));
  EXPECT_OK(rename("e", "d/e"));
}

TEST_F(Rename, NoreplaceRefusesATakenName) {
  EXPECT_ERRNO(rename("a", "b", RENAME_NOREPLACE), EEXIST);
  EXPECT_ERRNO(rename("a", "a", RENAME_NOREPLACE), EEXIST);
  EXPECT_OK(rename("a", "free", RENAME_NOREPLACE));
}

TEST_F(Rename, BetweenNamesOfOneFileDoesNothing) {
  ASSERT_OK(shell_->link("a", "second"));
  ASSERT_OK(rename("a", "second"));
  EXPECT_EQ(inode("a").nlink, 2U);
  EXPECT_OK(rename("a", "second", RENAME_EXCHANGE));
  EXPECT_OK(rename("a", "a"));
}

TEST_F(Rename, ExchangeSwapsFileAndDirectory) {
  ASSERT_OK(rename("a", "e/sub", RENAME_EXCHANGE));
  EXPECT_EQ(brief(), "a/ a/g=G b=B d/ d/f=F e/ e/sub=A empty/");
  EXPECT_EQ(inode("").nlink, 6U);
  EXPECT_EQ(inode("e").nlink, 2U);
  EXPECT_EQ(must(shell_->session().path_of(inode("a").id)), "a");
}

TEST_F(Rename, ExchangeOfDirectoriesKeepsLinkCounts) {
  ASSERT_OK(rename("d", "e/sub", RENAME_EXCHANGE));
  EXPECT_EQ(brief(), "a=A b=B d/ d/g=G e/ e/sub/ e/sub/f=F empty/");
  EXPECT_EQ(inode("").nlink, 5U);
  EXPECT_EQ(inode("e").nlink, 3U);
}

TEST_F(Rename, ExchangeNeedsBothAndNoAncestor) {
  EXPECT_ERRNO(rename("a", "none", RENAME_EXCHANGE), ENOENT);
  EXPECT_ERRNO(rename("e/sub", "e", RENAME_EXCHANGE), EINVAL);
  EXPECT_ERRNO(rename("e", "e/sub", RENAME_EXCHANGE), EINVAL);
}

TEST_F(Rename, ThereAndBackLeavesNoName) {
  ASSERT_OK(rename("e", "d/e"));
  ASSERT_OK(rename("a", "x"));
  ASSERT_OK(rename("d/e", "e"));
  ASSERT_OK(rename("x", "a"));
  EXPECT_TRUE(says_nothing_of_names());
  EXPECT_EQ(must(shell_->session().parent_of(inode("e").id)), InodeId::root);
}

TEST_F(Rename, ExchangedTwiceLeavesNoName) {
  ASSERT_OK(rename("d", "e", RENAME_EXCHANGE));
  ASSERT_OK(rename("d", "e", RENAME_EXCHANGE));
  EXPECT_TRUE(says_nothing_of_names());
}

TEST_F(Rename, OfAFullBaseDirectoryTouchesNoChild) {
  BaseTree tree;
  tree.directory("big");
  for (int i = 0; i < 1000; ++i)
    tree.file("big/" + std::to_string(i));
  commit_base(tree);
  Shell shell(begin());
  ASSERT_OK(shell.rename("big", "bigger"));
  EXPECT_EQ(shell.names("bigger").size(), 1000U);
  const auto changed = must(shell.session().read(
      [](const SessionData& data) -> Result<std::size_t> { return data.changes.inodes().size(); }));
  EXPECT_EQ(changed, 2U);
}

}  // namespace
}  // namespace commitfs::test
