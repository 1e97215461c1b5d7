#include <algorithm>
#include <random>
#include <set>

#include "tests/support/seed.h"
#include "tests/support/table_fixture.h"

namespace commitfs::test {
namespace {

class Listing : public TableFixture {
 protected:
  std::vector<std::string> sorted(std::set<std::string> names) {
    return {names.begin(), names.end()};
  }
};

TEST_F(Listing, MergesBothLayersByName) {
  commit_base(BaseTree().file("b").file("d").file("f").file("h"));
  Shell shell(begin());
  ASSERT_OK(shell.create("a"));
  ASSERT_OK(shell.unlink("d"));
  ASSERT_OK(shell.create("e"));
  ASSERT_OK(shell.write("f", "changed"));
  ASSERT_OK(shell.rename("h", "i"));
  EXPECT_EQ(shell.names(""), (std::vector<std::string>{"a", "b", "e", "f", "i"}));
  EXPECT_EQ(must(shell.session().list(InodeId::root, "e", 1)).front().attributes.inode.size_bytes,
            7U);
}

TEST_F(Listing, OrdersByBytesNotByLetters) {
  commit_base(BaseTree().file("\xff").file("a").file("\x01"));
  Shell shell(begin());
  ASSERT_OK(shell.create("\x80"));
  ASSERT_OK(shell.create("Z"));
  EXPECT_EQ(shell.names("", 1), (std::vector<std::string>{"\x01", "Z", "a", "\x80", "\xff"}));
}

TEST_F(Listing, OfAFileIsEnotdirOfNothingEnoent) {
  commit_base(BaseTree().file("a"));
  Shell shell(begin());
  EXPECT_ERRNO(shell.session().list(must(shell.find("a")), {}, 10), ENOTDIR);
  EXPECT_ERRNO(shell.session().list(InodeId{999'999}, {}, 10), ENOENT);
  EXPECT_TRUE(must(shell.session().list(InodeId::root, {}, 0)).empty());
}

TEST_F(Listing, PassesOverManyRemovedNames) {
  BaseTree tree;
  for (int i = 0; i < 9000; ++i)
    tree.file("f" + std::to_string(i));
  commit_base(tree.file("last"));
  Shell shell(begin());
  for (int i = 0; i < 9000; ++i)
    ASSERT_OK(shell.unlink("f" + std::to_string(i)));
  EXPECT_EQ(shell.names("", 3), std::vector<std::string>{"last"});
}

TEST_F(Listing, EveryPageSizeGivesTheSameNames) {
  Seed seed;
  std::uniform_int_distribution<int> length(1, 3);
  std::uniform_int_distribution<int> letter(0, 5);
  const std::string letters("\x01.aZ\x80\xff", 6);
  const auto random_name = [&] {
    std::string name;
    for (int i = length(seed.engine); i > 0; --i)
      name += letters[static_cast<std::size_t>(letter(seed.engine))];
    return name == "." || name == ".." ? std::string("dot") : name;
  };
  std::set<std::string> expected;
  BaseTree tree;
  for (int i = 0; i < 150; ++i) {
    if (const auto name = random_name(); expected.insert(name).second) tree.file(name);
  }
  commit_base(tree);
  Shell shell(begin());
  for (int i = 0; i < 300; ++i) {
    const std::string name = random_name();
    if (expected.contains(name)) {
      ASSERT_OK(shell.unlink(name));
      expected.erase(name);
    } else {
      ASSERT_OK(shell.create(name));
      expected.insert(name);
    }
  }
  for (const std::size_t page : {1U, 2U, 7U, 64U, 1000U})
    EXPECT_EQ(shell.names("", page), sorted(expected)) << page;
}

}  // namespace
}  // namespace commitfs::test
