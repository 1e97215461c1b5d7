#include "tests/contract/catalog_forms.h"

// What a catalog answers about one version: inodes, names, listings, links, extended attributes.

namespace commitfs::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

class CatalogTreeTest : public CatalogTest {};
INSTANTIATE_FOR_EVERY_CATALOG(CatalogTreeTest);

constexpr SeqNo kFirst{1};

TEST_P(CatalogTreeTest, InodeComesBackAsItWasPutWithItsVersion) {
  InodeRecord inode = file(7, 123);
  inode.mode = S_IFLNK | 0777;
  inode.uid = 4'000'000'000;
  inode.gid = 17;
  inode.nlink = 3;
  inode.rdev = 0xFFFF'FFFF'0000'0103;
  inode.atime_ns = -1;
  inode.mtime_ns = 1'700'000'000'123'456'789;
  inode.ctime_ns = 2;
  inode.btime_ns = 3;
  inode.object = ObjectId{0xFFFF'FFFF'FFFF'FFFF};
  inode.symlink_target = std::string("to\xFF here", 8);
  inode.since = SeqNo{99};
  commit_version(1, [&](auto& t) { must(t.put_inode(kFirst, inode)); });

  inode.since = kFirst;
  EXPECT_EQ(must(catalog().find_inode(kFirst, inode.id)), inode);
}

TEST_P(CatalogTreeTest, NothingIsThereBeforeTheFirstVersion) {
  EXPECT_EQ(must(catalog().head_seq_no()), SeqNo::none);
  EXPECT_EQ(must(catalog().head()), VersionRecord{});
  EXPECT_EQ(must(catalog().find_inode(SeqNo::none, InodeId::root)), std::nullopt);
  EXPECT_EQ(must(catalog().find_dirent(SeqNo::none, InodeId::root, "a")), std::nullopt);
  EXPECT_EQ(must(catalog().find_child(SeqNo::none, InodeId::root, "a")), std::nullopt);
  EXPECT_THAT(names_of(must(catalog().list(SeqNo::none, InodeId::root, "", 10))), IsEmpty());
  EXPECT_THAT(must(catalog().links_of(SeqNo::none, InodeId::root)), IsEmpty());
  EXPECT_THAT(must(catalog().list_xattrs(SeqNo::none, InodeId::root)), IsEmpty());
}

TEST_P(CatalogTreeTest, FindDirentAnswersTheEntryWithItsVersion) {
  commit_version(1, [&](auto& t) { must(t.put_dirent(kFirst, {InodeId::root, "a"}, InodeId{2})); });

  const DirentRecord expected{.key = {InodeId::root, "a"}, .inode = InodeId{2}, .since = kFirst};
  EXPECT_EQ(must(catalog().find_dirent(kFirst, InodeId::root, "a")), expected);
  EXPECT_EQ(must(catalog().find_dirent(kFirst, InodeId::root, "A")), std::nullopt);
  EXPECT_EQ(must(catalog().find_dirent(kFirst, InodeId{2}, "a")), std::nullopt);
}

TEST_P(CatalogTreeTest, FindChildAnswersTheInodeBehindTheName) {
  commit_version(1, [&](auto& t) {
    must(t.put_inode(kFirst, file(2, 22)));
    must(t.put_dirent(kFirst, {InodeId::root, "a"}, InodeId{2}));
  });

  EXPECT_EQ(must(catalog().find_child(kFirst, InodeId::root, "a"))->size_bytes, 22U);
  EXPECT_EQ(must(catalog().find_child(kFirst, InodeId::root, "b")), std::nullopt);
}

TEST_P(CatalogTreeTest, EntryWithoutItsInodeIsEio) {
  commit_version(1, [&](auto& t) { must(t.put_dirent(kFirst, {InodeId::root, "a"}, InodeId{2})); });

  EXPECT_ERRNO(catalog().find_child(kFirst, InodeId::root, "a"), EIO);
  EXPECT_ERRNO(catalog().list(kFirst, InodeId::root, "", 10), EIO);
}

TEST_P(CatalogTreeTest, NamesAreBytesAndNothingElse) {
  // "007" is not 7, case counts, and neither NUL-free control bytes nor broken UTF-8 are special.
  const std::vector<std::string> names = {"\x01", "007", "7",        "A",       "a",
                                          "a ",   "a.b", "\xC3\x28", "\xFF\xFE"};
  commit_version(1, [&](auto& t) {
    std::uint64_t id = 2;
    for (const auto& name : names) {
      must(t.put_inode(kFirst, file(id)));
      must(t.put_dirent(kFirst, {InodeId::root, name}, InodeId{id++}));
    }
  });

  EXPECT_THAT(names_of(must(catalog().list(kFirst, InodeId::root, "", 100))),
              ::testing::ElementsAreArray(names));
  EXPECT_EQ(must(catalog().find_dirent(kFirst, InodeId::root, "7"))->inode, InodeId{4});
  EXPECT_EQ(must(catalog().find_dirent(kFirst, InodeId::root, "\xFF\xFE"))->inode, InodeId{10});
}

class CatalogListTest : public CatalogTest {
 protected:
  CatalogListTest() {
    commit_version(1, [&](auto& t) {
      std::uint64_t id = 2;
      for (const auto* name : {"b", "a", "d", "c"}) {
        must(t.put_inode(kFirst, file(id, id)));
        must(t.put_dirent(kFirst, {InodeId::root, name}, InodeId{id++}));
      }
      must(t.put_inode(kFirst, file(100)));
      must(t.put_dirent(kFirst, {InodeId{50}, "other"}, InodeId{100}));
    });
  }
};
INSTANTIATE_FOR_EVERY_CATALOG(CatalogListTest);

TEST_P(CatalogListTest, ComesByNameWithInodes) {
  const auto entries = must(catalog().list(kFirst, InodeId::root, "", 10));

  EXPECT_THAT(names_of(entries), ElementsAre("a", "b", "c", "d"));
  EXPECT_EQ(entries.at(0).inode.id, InodeId{3});
  EXPECT_EQ(entries.at(3).inode.size_bytes, 4U);
}

TEST_P(CatalogListTest, GoesOnAfterANameThatNeedNotExist) {
  EXPECT_THAT(names_of(must(catalog().list(kFirst, InodeId::root, "b", 10))),
              ElementsAre("c", "d"));
  EXPECT_THAT(names_of(must(catalog().list(kFirst, InodeId::root, "bb", 10))),
              ElementsAre("c", "d"));
  EXPECT_THAT(names_of(must(catalog().list(kFirst, InodeId::root, "d", 10))), IsEmpty());
}

TEST_P(CatalogListTest, StopsAtTheLimit) {
  EXPECT_THAT(names_of(must(catalog().list(kFirst, InodeId::root, "", 3))),
              ElementsAre("a", "b", "c"));
  EXPECT_THAT(names_of(must(catalog().list(kFirst, InodeId::root, "", 0))), IsEmpty());
  EXPECT_THAT(names_of(must(catalog().list(kFirst, InodeId::root, "", SIZE_MAX))),
              ElementsAre("a", "b", "c", "d"));
}

TEST_P(CatalogTreeTest, LinksComeByParentAndName) {
  commit_version(1, [&](auto& t) {
    must(t.put_dirent(kFirst, {InodeId{9}, "z"}, InodeId{2}));
    must(t.put_dirent(kFirst, {InodeId{5}, "y"}, InodeId{2}));
    must(t.put_dirent(kFirst, {InodeId{5}, "x"}, InodeId{2}));
    must(t.put_dirent(kFirst, {InodeId{5}, "other"}, InodeId{3}));
  });

  EXPECT_THAT(must(catalog().links_of(kFirst, InodeId{2})),
              ElementsAre(DirentKey{InodeId{5}, "x"}, DirentKey{InodeId{5}, "y"},
                          DirentKey{InodeId{9}, "z"}));
  EXPECT_THAT(must(catalog().links_of(kFirst, InodeId{4})), IsEmpty());
}

TEST_P(CatalogTreeTest, XattrsHoldAnyBytesAndComeByName) {
  const std::string binary("\0\xFF\0", 3);
  commit_version(1, [&](auto& t) {
    must(t.put_xattr(kFirst, {InodeId{2}, "user.b"}, binary));
    must(t.put_xattr(kFirst, {InodeId{2}, "user.a"}, ""));
    must(t.put_xattr(kFirst, {InodeId{3}, "user.c"}, "of another inode"));
  });

  EXPECT_THAT(must(catalog().list_xattrs(kFirst, InodeId{2})),
              ElementsAre(Pair("user.a", ""), Pair("user.b", binary)));
  EXPECT_EQ(must(catalog().find_xattr(kFirst, InodeId{2}, "user.b")), binary);
  EXPECT_EQ(must(catalog().find_xattr(kFirst, InodeId{2}, "user.a")), "");
  EXPECT_EQ(must(catalog().find_xattr(kFirst, InodeId{2}, "user.c")), std::nullopt);
}

}  // namespace
}  // namespace commitfs::test
