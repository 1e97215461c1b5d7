#include "fs/directory_handle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "meta/memory_catalog.h"
#include "tests/support/result.h"

namespace commitfs::fs {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// One directory whose names the test sets; everything else is not there.
class NamesTree : public Tree {
 public:
  std::set<std::string> names;

  Result<Attributes> lookup(InodeId, std::string_view name) override {
    if (!names.contains(std::string(name))) return fail(ENOENT);
    return file();
  }
  Result<Attributes> attributes(InodeId) override { return file(); }
  Result<std::vector<ListedAttributes>> list(InodeId, std::string_view after,
                                             std::size_t limit) override {
    std::vector<ListedAttributes> page;
    for (auto at = names.upper_bound(std::string(after)); at != names.end(); ++at) {
      if (page.size() == limit) break;
      page.push_back({*at, file()});
    }
    return page;
  }
  Result<std::string> xattr(InodeId, std::string_view) override { return fail(ENODATA); }
  Result<std::vector<std::string>> xattr_names(InodeId) override { return fail(ENODATA); }
  Result<InodeId> parent_of(InodeId) override { return InodeId::root; }
  Result<std::string> path_of(InodeId) override { return fail(ENOENT); }
  Result<GroupKey> group_of(InodeId) override { return fail(ENODATA); }

 private:
  static Attributes file() {
    Attributes attributes;
    attributes.inode.id = InodeId{7};
    attributes.inode.mode = S_IFREG | 0644;
    return attributes;
  }
};

class FixedNames : public FixedNode {
 public:
  std::vector<FixedName> names;
  Result<struct stat> attributes() override { return fail(EIO); }
  Result<std::vector<FixedName>> list() override { return names; }
};

class DirectoryHandleTest : public ::testing::Test {
 protected:
  DirectoryHandleTest() { view->tree = tree; }

  /// The names of one call that has room for `room`, and in `offset_` where the next one goes on.
  std::vector<std::string> read(DirectoryHandle& handle, off_t offset, std::size_t room) {
    std::vector<std::string> names;
    offset_ = offset;
    EXPECT_TRUE(handle.read(offset, room, [&](const DirectoryItem& item) {
      if (names.size() == room) return false;
      names.push_back(item.name);
      offset_ = item.next;
      return true;
    }));
    return names;
  }

  std::shared_ptr<Node> tree_node() {
    return std::make_shared<Node>(NodeId{20}, view, InodeId::root, nullptr);
  }

  std::shared_ptr<NamesTree> tree = std::make_shared<NamesTree>();
  std::shared_ptr<View> view = std::make_shared<View>();
  off_t offset_ = 0;
};

TEST_F(DirectoryHandleTest, PagesGoOnWhereTheLastEnded) {
  tree->names = {"a", "b", "c", "d"};
  DirectoryHandle handle(tree_node());
  EXPECT_THAT(read(handle, 0, 3), ElementsAre(".", "..", "a"));
  EXPECT_THAT(read(handle, offset_, 2), ElementsAre("b", "c"));
  EXPECT_THAT(read(handle, offset_, 2), ElementsAre("d"));
  EXPECT_THAT(read(handle, offset_, 2), IsEmpty());
}

TEST_F(DirectoryHandleTest, NoNameComesTwiceWhileOthersComeAndGo) {
  tree->names = {"b", "d", "f"};
  DirectoryHandle handle(tree_node());
  EXPECT_THAT(read(handle, 0, 4), ElementsAre(".", "..", "b", "d"));
  tree->names = {"a", "c", "e", "f"};
  EXPECT_THAT(read(handle, offset_, 9), ElementsAre("e", "f"));
}

TEST_F(DirectoryHandleTest, SeekingBackGivesTheSameNames) {
  tree->names = {"a", "b", "c"};
  DirectoryHandle handle(tree_node());
  EXPECT_THAT(read(handle, 0, 3), ElementsAre(".", "..", "a"));
  const off_t after_a = offset_;
  EXPECT_THAT(read(handle, after_a, 9), ElementsAre("b", "c"));
  EXPECT_THAT(read(handle, after_a, 9), ElementsAre("b", "c"));
}

TEST_F(DirectoryHandleTest, SeekingBackPassesOverWhatIsGone) {
  tree->names = {"a", "b", "c"};
  DirectoryHandle handle(tree_node());
  read(handle, 0, 9);
  tree->names = {"a", "c"};
  EXPECT_THAT(read(handle, 2, 9), ElementsAre("a", "c"));
}

TEST_F(DirectoryHandleTest, GoesOnWhereTheKernelEndedThatRememberedTheBeginning) {
  tree->names = {"a", "b", "c", "d"};
  DirectoryHandle handle(tree_node());
  EXPECT_THAT(read(handle, 4, 1), ElementsAre("c"));
  EXPECT_THAT(read(handle, offset_, 9), ElementsAre("d"));
  EXPECT_THAT(read(handle, 3, 9), ElementsAre("b", "c", "d"));
}

TEST_F(DirectoryHandleTest, RewindingShowsWhatIsNew) {
  tree->names = {"b"};
  DirectoryHandle handle(tree_node());
  read(handle, 0, 9);
  tree->names = {"a", "b"};
  EXPECT_THAT(read(handle, 0, 9), ElementsAre(".", "..", "a", "b"));
}

TEST_F(DirectoryHandleTest, FixedDirectoryListsWhatWasThereAtTheStart) {
  auto fixed = std::make_shared<FixedNames>();
  fixed->names = {{"x", S_IFDIR, 1}, {"y", S_IFDIR, 2}};
  DirectoryHandle handle(std::make_shared<Node>(NodeId{21}, view, InodeId{9}, fixed));
  EXPECT_THAT(read(handle, 0, 3), ElementsAre(".", "..", "x"));
  fixed->names = {};
  EXPECT_THAT(read(handle, offset_, 3), ElementsAre("y"));
  EXPECT_THAT(read(handle, 0, 3), ElementsAre(".", ".."));
}

TEST_F(DirectoryHandleTest, NegativeOffsetIsEinval) {
  DirectoryHandle handle(tree_node());
  const auto result = handle.read(-1, 9, [](const DirectoryItem&) { return true; });
  EXPECT_EQ(result.error().code, EINVAL);
}

}  // namespace
}  // namespace commitfs::fs
