#include "tests/contract/catalog_forms.h"

// What a catalog answers about versions that are not the newest any more.

namespace commitfs::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr SeqNo v(std::uint64_t seq_no) {
  return SeqNo{seq_no};
}
const DirentKey kKey{InodeId::root, "a"};

/// Version 1 makes what version 2 leaves alone, 3 replaces, 4 removes, 5 leaves alone and 6 makes
/// again.
class CatalogHistoryTest : public CatalogTest {
 protected:
  template <typename Make, typename Remove>
  void live_through(Make make, Remove remove) {
    commit_version(1, [&](auto& t) { make(t, 1); });
    commit_version(2, [](auto&) {});
    commit_version(3, [&](auto& t) { make(t, 3); });
    commit_version(4, [&](auto& t) { remove(t, 4); });
    commit_version(5, [](auto&) {});
    commit_version(6, [&](auto& t) { make(t, 6); });
  }

  /// What `ask` answers at versions 0 to 6.
  template <typename Ask>
  auto at_every_version(Ask ask) {
    std::vector<decltype(ask(SeqNo{}))> answers;
    for (std::uint64_t seq_no = 0; seq_no <= 6; ++seq_no)
      answers.push_back(ask(SeqNo{seq_no}));
    EXPECT_EQ(ask(kNewest), answers.back());
    return answers;
  }
};
INSTANTIATE_FOR_EVERY_CATALOG(CatalogHistoryTest);

TEST_P(CatalogHistoryTest, InodeIsAtEveryVersionWhatItWas) {
  live_through([](auto& t, std::uint64_t seq_no) { must(t.put_inode(v(seq_no), file(2, seq_no))); },
               [](auto& t, std::uint64_t seq_no) { must(t.remove_inode(v(seq_no), InodeId{2})); });

  EXPECT_THAT(at_every_version([&](SeqNo at) {
                const auto found = must(catalog().find_inode(at, InodeId{2}));
                return found ? std::pair(raw(found->since), found->size_bytes)
                             : std::pair(0UL, 0UL);
              }),
              ElementsAre(Pair(0, 0), Pair(1, 1), Pair(1, 1), Pair(3, 3), Pair(0, 0), Pair(0, 0),
                          Pair(6, 6)));
}

TEST_P(CatalogHistoryTest, TheNewestReadShowsNothingOfThePast) {
  commit_version(1, [&](auto& t) {
    must(t.put_inode(v(1), file(2)));
    must(t.put_dirent(v(1), kKey, InodeId{2}));
    must(t.put_xattr(v(1), {InodeId{2}, "user.x"}, "x"));
  });
  EXPECT_TRUE(must(catalog().find_child(kNewest, InodeId::root, "a")));
  commit_version(2, [&](auto& t) {
    must(t.remove_dirent(v(2), kKey));
    must(t.remove_inode(v(2), InodeId{2}));
  });
  EXPECT_FALSE(must(catalog().find_child(kNewest, InodeId::root, "a")));
  EXPECT_FALSE(must(catalog().find_inode(kNewest, InodeId{2})));
  EXPECT_THAT(must(catalog().list(kNewest, InodeId::root, "", 10)), IsEmpty());
  EXPECT_THAT(must(catalog().links_of(kNewest, InodeId{2})), IsEmpty());
  EXPECT_FALSE(must(catalog().find_xattr(kNewest, InodeId{2}, "user.x")));
}

TEST_P(CatalogHistoryTest, DirentIsAtEveryVersionWhatItWas) {
  live_through(
      [](auto& t, std::uint64_t seq_no) { must(t.put_dirent(v(seq_no), kKey, InodeId{seq_no})); },
      [](auto& t, std::uint64_t seq_no) { must(t.remove_dirent(v(seq_no), kKey)); });

  EXPECT_THAT(at_every_version([&](SeqNo at) {
                const auto found = must(catalog().find_dirent(at, kKey.parent, kKey.name));
                return found ? std::pair(raw(found->since), raw(found->inode))
                             : std::pair(0UL, 0UL);
              }),
              ElementsAre(Pair(0, 0), Pair(1, 1), Pair(1, 1), Pair(3, 3), Pair(0, 0), Pair(0, 0),
                          Pair(6, 6)));
}

TEST_P(CatalogHistoryTest, LinksAreAtEveryVersionWhatTheyWere) {
  live_through(
      [](auto& t, std::uint64_t seq_no) {
        must(t.put_dirent(v(seq_no), kKey, InodeId{2 + seq_no % 2}));
      },
      [](auto& t, std::uint64_t seq_no) { must(t.remove_dirent(v(seq_no), kKey)); });

  EXPECT_THAT(
      at_every_version([&](SeqNo at) { return must(catalog().links_of(at, InodeId{3})).size(); }),
      ElementsAre(0, 1, 1, 1, 0, 0, 0));
  EXPECT_THAT(must(catalog().links_of(v(6), InodeId{2})), ElementsAre(kKey));
}

TEST_P(CatalogHistoryTest, XattrIsAtEveryVersionWhatItWas) {
  const XattrKey key{InodeId{2}, "user.a"};
  live_through(
      [&](auto& t, std::uint64_t seq_no) {
        must(t.put_xattr(v(seq_no), key, std::to_string(seq_no)));
      },
      [&](auto& t, std::uint64_t seq_no) { must(t.remove_xattr(v(seq_no), key)); });

  const auto found = at_every_version(
      [&](SeqNo at) { return must(catalog().find_xattr(at, key.inode, key.name)).value_or("-"); });
  EXPECT_THAT(found, ElementsAre("-", "1", "1", "3", "-", "-", "6"));
  EXPECT_THAT(must(catalog().list_xattrs(v(2), key.inode)), ElementsAre(Pair("user.a", "1")));
  EXPECT_THAT(must(catalog().list_xattrs(v(5), key.inode)), IsEmpty());
}

TEST_P(CatalogHistoryTest, ChildChangesWithItsInodeAndWithItsName) {
  commit_version(1, [](auto& t) {
    must(t.put_inode(v(1), file(2, 10)));
    must(t.put_inode(v(1), file(3, 30)));
    must(t.put_dirent(v(1), kKey, InodeId{2}));
  });
  commit_version(2, [](auto& t) { must(t.put_inode(v(2), file(2, 20))); });
  commit_version(3, [](auto& t) { must(t.put_dirent(v(3), kKey, InodeId{3})); });
  commit_version(4, [](auto& t) {
    must(t.remove_dirent(v(4), kKey));
    must(t.remove_inode(v(4), InodeId{2}));
  });

  const auto size_at = [&](std::uint64_t at) {
    return must(catalog().find_child(v(at), kKey.parent, kKey.name))->size_bytes;
  };
  EXPECT_EQ(size_at(1), 10U);
  EXPECT_EQ(size_at(2), 20U);
  EXPECT_EQ(size_at(3), 30U);
  EXPECT_EQ(must(catalog().find_child(v(4), kKey.parent, kKey.name)), std::nullopt);
  EXPECT_EQ(must(catalog().list(v(1), kKey.parent, "", 9)).at(0).inode.size_bytes, 10U);
  EXPECT_EQ(must(catalog().list(v(2), kKey.parent, "", 9)).at(0).inode.size_bytes, 20U);
}

TEST_P(CatalogHistoryTest, ListingMergesWhatStayedWithWhatWent) {
  const auto put = [](auto& t, SeqNo at, const char* name) {
    must(t.put_inode(at, file(2)));
    must(t.put_dirent(at, {InodeId::root, name}, InodeId{2}));
  };
  commit_version(1, [&](auto& t) {
    for (const auto* name : {"a", "b", "c", "d", "e"})
      put(t, v(1), name);
  });
  commit_version(2, [&](auto& t) {
    must(t.remove_dirent(v(2), {InodeId::root, "a"}));
    must(t.remove_dirent(v(2), {InodeId::root, "d"}));
    put(t, v(2), "c");
    put(t, v(2), "bb");
  });
  commit_version(3, [&](auto& t) { put(t, v(3), "a"); });

  const auto list = [&](SeqNo at, const char* after, std::size_t limit) {
    return names_of(must(catalog().list(at, InodeId::root, after, limit)));
  };
  EXPECT_THAT(list(v(1), "", 9), ElementsAre("a", "b", "c", "d", "e"));
  EXPECT_THAT(list(v(2), "", 9), ElementsAre("b", "bb", "c", "e"));
  EXPECT_THAT(list(v(3), "", 9), ElementsAre("a", "b", "bb", "c", "e"));
  EXPECT_THAT(list(v(1), "", 2), ElementsAre("a", "b"));
  EXPECT_THAT(list(v(1), "b", 2), ElementsAre("c", "d"));
  EXPECT_THAT(list(v(1), "d", 2), ElementsAre("e"));
}

/// What stayed, what was replaced, what went and what came lie side by side; a page ends where a
/// range of the listing does, or inside one, or holds several.
TEST_P(CatalogHistoryTest, LargeListingOfThePastComesInPages) {
  const auto key = [](int number) {
    return DirentKey{InodeId::root, std::to_string(1000 + number)};
  };
  commit_version(1, [&](auto& t) {
    must(t.put_inode(v(1), file(2)));
    for (int i = 0; i < 2000; i += 2)
      must(t.put_dirent(v(1), key(i), InodeId{2}));
  });
  commit_version(2, [&](auto& t) {
    for (int i = 0; i < 2000; i += 4)
      must(t.put_dirent(v(2), key(i), InodeId{2}));
    for (int i = 0; i < 2000; i += 40)
      must(t.remove_dirent(v(2), key(i + 2)));
    for (int i = 1; i < 1000; i += 2)
      must(t.put_dirent(v(2), key(i), InodeId{2}));
  });
  std::vector<std::string> all;
  for (int i = 0; i < 2000; i += 2)
    all.push_back(key(i).name);

  EXPECT_EQ(names_of(must(catalog().list(v(1), InodeId::root, "", 5000))), all);
  for (const std::size_t page : {1U, 7U, 256U, 600U}) {
    std::vector<std::string> found;
    while (true) {
      const auto after = found.empty() ? std::string() : found.back();
      const auto names = names_of(must(catalog().list(v(1), InodeId::root, after, page)));
      if (names.empty()) break;
      ASSERT_LE(names.size(), page);
      found.insert(found.end(), names.begin(), names.end());
      ASSERT_LE(found.size(), all.size());
    }
    EXPECT_EQ(found, all) << "pages of " << page;
  }
}

TEST_P(CatalogHistoryTest, RemovingAnInodeTakesItsXattrsAndNoOthers) {
  commit_version(1, [](auto& t) {
    must(t.put_inode(v(1), file(2)));
    must(t.put_xattr(v(1), {InodeId{2}, "user.a"}, "1"));
    must(t.put_xattr(v(1), {InodeId{3}, "user.a"}, "3"));
  });
  commit_version(2, [](auto& t) { must(t.remove_inode(v(2), InodeId{2})); });

  EXPECT_THAT(must(catalog().list_xattrs(v(1), InodeId{2})), ElementsAre(Pair("user.a", "1")));
  EXPECT_THAT(must(catalog().list_xattrs(v(2), InodeId{2})), IsEmpty());
  EXPECT_THAT(must(catalog().list_xattrs(v(2), InodeId{3})), ElementsAre(Pair("user.a", "3")));
}

TEST_P(CatalogHistoryTest, PutTwiceInOneVersionCountsTheSecond) {
  commit_version(1, [](auto& t) { must(t.put_inode(v(1), file(2, 1))); });
  commit_version(2, [](auto& t) {
    must(t.put_inode(v(2), file(2, 20)));
    must(t.put_inode(v(2), file(2, 21)));
  });

  EXPECT_EQ(must(catalog().find_inode(v(1), InodeId{2}))->size_bytes, 1U);
  EXPECT_EQ(must(catalog().find_inode(v(2), InodeId{2}))->size_bytes, 21U);
}

TEST_P(CatalogHistoryTest, MadeAndRemovedInOneVersionLeavesNothing) {
  commit_version(1, [](auto& t) {
    must(t.put_inode(v(1), file(2)));
    must(t.put_dirent(v(1), kKey, InodeId{2}));
    must(t.remove_dirent(v(1), kKey));
    must(t.remove_inode(v(1), InodeId{2}));
  });
  commit_version(2, [](auto&) {});

  EXPECT_EQ(must(catalog().find_inode(v(1), InodeId{2})), std::nullopt);
  EXPECT_EQ(must(catalog().find_dirent(v(1), kKey.parent, kKey.name)), std::nullopt);
}

TEST_P(CatalogHistoryTest, RemovedAndMadeAgainInOneVersionIsReplaced) {
  commit_version(1, [](auto& t) { must(t.put_dirent(v(1), kKey, InodeId{2})); });
  commit_version(2, [](auto& t) {
    must(t.remove_dirent(v(2), kKey));
    must(t.put_dirent(v(2), kKey, InodeId{3}));
    must(t.remove_dirent(v(2), kKey));
    must(t.put_dirent(v(2), kKey, InodeId{4}));
  });

  EXPECT_EQ(must(catalog().find_dirent(v(1), kKey.parent, kKey.name))->inode, InodeId{2});
  EXPECT_EQ(must(catalog().find_dirent(v(2), kKey.parent, kKey.name))->inode, InodeId{4});
}

TEST_P(CatalogHistoryTest, RemovingWhatIsNotThereIsNoError) {
  commit_version(1, [](auto& t) {
    EXPECT_OK(t.remove_inode(v(1), InodeId{2}));
    EXPECT_OK(t.remove_dirent(v(1), kKey));
    EXPECT_OK(t.remove_xattr(v(1), {InodeId{2}, "user.a"}));
  });
}

TEST_P(CatalogHistoryTest, AllVersionsAreStillThereWhenOpenedAgain) {
  live_through([](auto& t, std::uint64_t seq_no) { must(t.put_inode(v(seq_no), file(2, seq_no))); },
               [](auto& t, std::uint64_t seq_no) { must(t.remove_inode(v(seq_no), InodeId{2})); });
  reopen();

  EXPECT_EQ(must(catalog().head_seq_no()), v(6));
  EXPECT_EQ(must(catalog().find_inode(v(1), InodeId{2}))->size_bytes, 1U);
  EXPECT_EQ(must(catalog().find_inode(v(5), InodeId{2})), std::nullopt);
  EXPECT_EQ(must(catalog().find_inode(v(6), InodeId{2}))->size_bytes, 6U);
}

}  // namespace
}  // namespace commitfs::test
