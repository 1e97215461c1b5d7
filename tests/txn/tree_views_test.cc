#include "tests/support/table_fixture.h"
#include "txn/tree.h"

namespace commitfs::test {
namespace {

class TreeViews : public TableFixture {
 protected:
  TreeViews() {
    first_ = commit_base(BaseTree()
                             .directory("d")
                             .file("d/f", "one")
                             .xattr("d/f", "user.k", "v")
                             .link("d/g", "d/f"));
    second_ = commit_base(BaseTree().file("x", "two"));
  }
  std::string brief_at(SeqNo at) {
    return brief(*make_snapshot_tree(context_.catalog, at), *context_.store);
  }

  SeqNo first_;
  SeqNo second_;
};

TEST_F(TreeViews, SnapshotStaysAndLiveFollows) {
  const auto live = make_live_tree(context_.catalog);
  EXPECT_EQ(brief_at(first_), "d/ d/f=one d/g=one");
  EXPECT_EQ(brief(*live, *context_.store), "x=two");
  commit_base(BaseTree().file("y", "three"));
  EXPECT_EQ(brief_at(second_), "x=two");
  EXPECT_EQ(brief(*live, *context_.store), "y=three");
}

TEST_F(TreeViews, AnswersPathsParentsGroupsAndXattrs) {
  const auto tree = make_snapshot_tree(context_.catalog, first_);
  const InodeId d = must(tree->lookup(InodeId::root, "d")).inode.id;
  const InodeId f = must(tree->lookup(d, "f")).inode.id;
  EXPECT_EQ(must(tree->path_of(f)), "d/f");
  EXPECT_EQ(must(tree->path_of(InodeId::root)), "");
  EXPECT_EQ(must(tree->parent_of(d)), InodeId::root);
  EXPECT_EQ(must(tree->parent_of(InodeId::root)), InodeId::root);
  EXPECT_EQ(must(tree->group_of(f)), (GroupKey{d, "f"}));
  EXPECT_EQ(must(tree->xattr(f, "user.k")), "v");
  EXPECT_EQ(must(tree->xattr_names(f)), std::vector<std::string>{"user.k"});
  EXPECT_EQ(must(tree->attributes(f)).blocks_512, 1U);
  EXPECT_FALSE(must(tree->attributes(f)).staged);
}

TEST_F(TreeViews, SayWhatIsWrong) {
  const auto tree = make_snapshot_tree(context_.catalog, first_);
  const InodeId d = must(tree->lookup(InodeId::root, "d")).inode.id;
  const InodeId f = must(tree->lookup(d, "f")).inode.id;
  EXPECT_ERRNO(tree->lookup(d, "none"), ENOENT);
  EXPECT_ERRNO(tree->lookup(f, "x"), ENOTDIR);
  EXPECT_ERRNO(tree->list(f, {}, 10), ENOTDIR);
  EXPECT_ERRNO(tree->list(InodeId{999'999}, {}, 10), ENOENT);
  EXPECT_ERRNO(tree->parent_of(f), ENOTDIR);
  EXPECT_ERRNO(tree->xattr(f, "user.none"), ENODATA);
  EXPECT_ERRNO(tree->xattr(InodeId{999'999}, "user.k"), ENOENT);
  EXPECT_ERRNO(tree->xattr_names(InodeId{999'999}), ENOENT);
  EXPECT_ERRNO(tree->path_of(InodeId{999'999}), ENOENT);
  // What a later version dropped.
  EXPECT_ERRNO(make_live_tree(context_.catalog)->attributes(f), ENOENT);
}

}  // namespace
}  // namespace commitfs::test
