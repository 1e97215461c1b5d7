#include "tests/contract/catalog_forms.h"

// What differs between versions, and versions that are taken out of the table.

namespace commitfs::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr InodeId kDirectory{5};

class CatalogExpiryTest : public CatalogTest {
 protected:
  /// A version that did `changes`.
  void record(std::uint64_t seq_no, const std::vector<ChangeRecord>& changes) {
    auto transaction = begin();
    must(transaction->add_version(version(seq_no), changes));
    must(transaction->commit());
  }
  static ChangeRecord change(ChangeKind kind, const std::string& path, std::uint64_t inode,
                             InodeId partition = InodeId::root) {
    return {.kind = kind,
            .path = path,
            .old_path = {},
            .inode = InodeId{inode},
            .group = {.partition = partition, .group = "any"}};
  }

  /// Version `seq_no` makes file 9 have that many bytes, of a body of that number.
  void put_file(std::uint64_t seq_no) {
    commit_version(seq_no, [&](CatalogTransaction& transaction) {
      InodeRecord record = file(9, seq_no);
      record.object = ObjectId{seq_no};
      must(transaction.put_object(record.object, seq_no));
      must(transaction.put_inode(SeqNo{seq_no}, record));
      must(transaction.put_dirent(SeqNo{seq_no}, {InodeId::root, "f"}, InodeId{9}));
      must(transaction.put_xattr(SeqNo{seq_no}, {InodeId{9}, "user.x"}, std::to_string(seq_no)));
    });
  }
  void remove(const std::vector<SeqNo>& versions) {
    auto transaction = begin();
    must(transaction->remove_versions(versions));
    must(transaction->commit());
  }
  /// Prunes all, `limit` rows at a time.
  std::size_t prune(std::size_t limit) {
    PruneCursor cursor;
    std::size_t gone = 0;
    for (int calls = 0; !cursor.done && calls < 1000; ++calls) {
      auto transaction = begin();
      gone += must(transaction->prune(cursor, limit));
      must(transaction->commit());
    }
    EXPECT_TRUE(cursor.done);
    return gone;
  }
  std::uint64_t size_at(std::uint64_t version) {
    const auto found = must(catalog().find_child(SeqNo{version}, InodeId::root, "f"));
    return found ? found->size_bytes : 0;
  }
};
INSTANTIATE_FOR_EVERY_CATALOG(CatalogExpiryTest);

TEST_P(CatalogExpiryTest, TouchedAreTheKeysThatVersionsInBetweenRecorded) {
  record(1, {change(ChangeKind::added, "before", 6)});
  record(2, {change(ChangeKind::added, "d/a", 7, kDirectory), change(ChangeKind::renamed, "b", 8)});
  record(3, {change(ChangeKind::modified, "d/a", 7, kDirectory)});
  record(4, {change(ChangeKind::added, "after", 9)});

  const Touched touched = must(catalog().touched_between(SeqNo{1}, SeqNo{3}));
  EXPECT_THAT(touched.inodes, ElementsAre(InodeId::root, kDirectory, InodeId{7}, InodeId{8}));
  EXPECT_THAT(touched.dirents,
              ElementsAre(DirentKey{InodeId::root, "b"}, DirentKey{kDirectory, "a"}));
  EXPECT_EQ(must(catalog().touched_between(SeqNo{3}, SeqNo{3})), Touched{});
  EXPECT_EQ(must(catalog().touched_between(SeqNo{3}, SeqNo{1})), Touched{});
}

TEST_P(CatalogExpiryTest, TimesAloneTouchAnInodeAndAreNoChangeToList) {
  record(1, {change(ChangeKind::times, "", 7), change(ChangeKind::attributes, ".", 1)});

  EXPECT_THAT(must(catalog().list_changes(SeqNo{1})),
              ElementsAre(change(ChangeKind::attributes, ".", 1)));
  const Touched touched = must(catalog().touched_between(SeqNo::none, SeqNo{1}));
  EXPECT_THAT(touched.inodes, ElementsAre(InodeId::root, InodeId{7}));
  EXPECT_THAT(touched.dirents, IsEmpty());
}

TEST_P(CatalogExpiryTest, RemovedVersionsAreFoundNoMore) {
  for (std::uint64_t seq_no = 1; seq_no <= 3; ++seq_no)
    put_file(seq_no);
  remove({SeqNo{1}, SeqNo{2}, SeqNo{77}});

  EXPECT_EQ(must(catalog().find_version(SeqNo{2})), std::nullopt);
  EXPECT_THAT(must(catalog().list_versions(SeqNo::none, 9)), ElementsAre(version(3)));
  EXPECT_EQ(must(catalog().find_version_at(1500)), std::nullopt);
}

TEST_P(CatalogExpiryTest, TheHeadAndWhatHasATagStay) {
  for (std::uint64_t seq_no = 1; seq_no <= 3; ++seq_no)
    put_file(seq_no);
  auto transaction = begin();
  must(transaction->put_tag({.name = "v2", .seq_no = SeqNo{2}}));
  EXPECT_ERRNO(transaction->remove_versions(std::vector{SeqNo{1}, SeqNo{3}}), EBUSY);
  EXPECT_ERRNO(transaction->remove_versions(std::vector{SeqNo{1}, SeqNo{2}}), EBUSY);
  must(transaction->commit());

  EXPECT_THAT(must(catalog().list_versions(SeqNo::none, 9)),
              ElementsAre(version(3), version(2), version(1)));
}

TEST_P(CatalogExpiryTest, OtherVersionsReadAsBefore) {
  for (std::uint64_t seq_no = 1; seq_no <= 6; ++seq_no)
    put_file(seq_no);
  remove({SeqNo{1}, SeqNo{2}, SeqNo{4}, SeqNo{5}});
  EXPECT_GT(prune(1), 0U);
  reopen();

  for (const std::uint64_t version : {3U, 6U}) {
    EXPECT_EQ(size_at(version), version);
    EXPECT_EQ(must(catalog().find_xattr(SeqNo{version}, InodeId{9}, "user.x")),
              std::to_string(version));
    EXPECT_THAT(names_of(must(catalog().list(SeqNo{version}, InodeId::root, "", 9))),
                ElementsAre("f"));
  }
}

TEST_P(CatalogExpiryTest, PruningTakesWhatNobodySeesAndOnlyThat) {
  for (std::uint64_t seq_no = 1; seq_no <= 4; ++seq_no)
    put_file(seq_no);
  EXPECT_EQ(prune(100), 0U);
  remove({SeqNo{2}});
  EXPECT_EQ(prune(100), 3U);
  EXPECT_EQ(prune(100), 0U);
}

TEST_P(CatalogExpiryTest, RowsThatLastOverARemovedVersionStay) {
  put_file(1);
  commit_version(2, [](CatalogTransaction&) {});
  put_file(3);
  remove({SeqNo{2}});
  EXPECT_EQ(prune(100), 0U);
  EXPECT_EQ(size_at(1), 1U);
}

TEST_P(CatalogExpiryTest, RecordsOfChangesStayWhileAnOlderVersionIsThere) {
  for (std::uint64_t seq_no = 1; seq_no <= 4; ++seq_no)
    record(seq_no, {change(ChangeKind::added, "f", seq_no)});
  remove({SeqNo{2}, SeqNo{3}});
  prune(1);
  EXPECT_THAT(must(catalog().touched_between(SeqNo{1}, SeqNo{4})).inodes,
              ElementsAre(InodeId{1}, InodeId{2}, InodeId{3}, InodeId{4}));
  remove({SeqNo{1}});
  EXPECT_EQ(prune(1), 3U);
  EXPECT_THAT(must(catalog().touched_between(SeqNo{3}, SeqNo{4})).inodes,
              ElementsAre(InodeId{1}, InodeId{4}));
}

TEST_P(CatalogExpiryTest, BodiesThatNoInodeNamesAreTold) {
  for (std::uint64_t seq_no = 1; seq_no <= 4; ++seq_no)
    put_file(seq_no);
  EXPECT_THAT(must(catalog().list_unnamed_objects(9)), IsEmpty());
  remove({SeqNo{1}, SeqNo{3}});
  prune(100);
  EXPECT_THAT(must(catalog().list_unnamed_objects(9)), ElementsAre(ObjectId{1}, ObjectId{3}));
  EXPECT_THAT(must(catalog().list_unnamed_objects(1)), ElementsAre(ObjectId{1}));

  auto transaction = begin();
  must(transaction->forget_objects(std::vector{ObjectId{1}, ObjectId{3}}));
  must(transaction->commit());
  EXPECT_THAT(must(catalog().list_unnamed_objects(9)), IsEmpty());
}

TEST_P(CatalogExpiryTest, NamesThatWereRemovedLeaveNoTrace) {
  put_file(1);
  commit_version(2, [](CatalogTransaction& transaction) {
    must(transaction.remove_dirent(SeqNo{2}, {InodeId::root, "f"}));
    must(transaction.remove_inode(SeqNo{2}, InodeId{9}));
  });
  remove({SeqNo{1}});
  EXPECT_EQ(prune(2), 3U);
  EXPECT_EQ(size_at(2), 0U);
  EXPECT_EQ(must(catalog().find_inode(SeqNo{2}, InodeId{9})), std::nullopt);
}

}  // namespace
}  // namespace commitfs::test
