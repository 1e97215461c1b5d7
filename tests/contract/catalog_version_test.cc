#include "tests/contract/catalog_forms.h"

// Versions, what they did, and what validation asks of a catalog.

namespace commitfs::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class CatalogVersionTest : public CatalogTest {
 protected:
  void commit_record(const VersionRecord& record, const std::vector<ChangeRecord>& changes = {}) {
    auto transaction = begin();
    must(transaction->add_version(record, changes));
    must(transaction->commit());
  }

  static std::uint64_t number_of(const std::optional<VersionRecord>& found) {
    return found ? raw(found->seq_no) : 0;
  }
};
INSTANTIATE_FOR_EVERY_CATALOG(CatalogVersionTest);

TEST_P(CatalogVersionTest, ComesBackAsItWasAdded) {
  VersionRecord record = version(1);
  record.term = Term{5};
  record.session_id = SessionId{0xFFFF'FFFF'FFFF'FFFE};
  record.session = "nightly \xFF";
  record.base = SeqNo::none;
  record.token = "token with 'quotes'";
  record.operation = "rewrite";
  record.uid = 1000;
  record.gid = 4'294'967'294;
  record.time_ns = 1'700'000'000'123'456'789;
  record.message = "two\nlines";
  record.metadata = {{"", "empty key"}, {"bytes", std::string("\0\xFF:,", 4)}, {"empty", ""}};
  record.only_deletes = true;
  record.added = 1;
  record.modified = 2;
  record.deleted = 3;
  record.renamed = 4;
  record.attributes = 5;
  record.bytes = 1ULL << 60;
  commit_record(record);

  EXPECT_EQ(must(catalog().find_version(SeqNo{1})), record);
  EXPECT_EQ(must(catalog().head()), record);
  EXPECT_EQ(must(catalog().find_version(SeqNo{2})), std::nullopt);
}

TEST_P(CatalogVersionTest, HeadIsTheNewest) {
  commit_record(version(1));
  commit_record(version(2));

  EXPECT_EQ(must(catalog().head_seq_no()), SeqNo{2});
  EXPECT_EQ(must(catalog().head()), version(2));
}

TEST_P(CatalogVersionTest, MustBeTheOneAfterTheHead) {
  commit_record(version(1));

  auto transaction = begin();
  EXPECT_ERRNO(transaction->add_version(version(1), {}), EINVAL);
  EXPECT_ERRNO(transaction->add_version(version(3), {}), EINVAL);
  EXPECT_OK(transaction->add_version(version(2), {}));
}

TEST_P(CatalogVersionTest, ListComesNewestFirst) {
  for (std::uint64_t seq_no = 1; seq_no <= 4; ++seq_no)
    commit_record(version(seq_no));

  EXPECT_THAT(must(catalog().list_versions(SeqNo::none, 2)), ElementsAre(version(4), version(3)));
  EXPECT_THAT(must(catalog().list_versions(SeqNo{3}, 9)), ElementsAre(version(2), version(1)));
  EXPECT_THAT(must(catalog().list_versions(SeqNo{1}, 9)), IsEmpty());
}

TEST_P(CatalogVersionTest, IsFoundByTime) {
  auto second = version(2), third = version(3);
  second.time_ns = third.time_ns = 2000;
  commit_record(version(1));
  commit_record(second);
  commit_record(third);

  EXPECT_EQ(number_of(must(catalog().find_version_at(999))), 0U);
  EXPECT_EQ(number_of(must(catalog().find_version_at(1000))), 1U);
  EXPECT_EQ(number_of(must(catalog().find_version_at(1999))), 1U);
  EXPECT_EQ(number_of(must(catalog().find_version_at(2000))), 3U);
  EXPECT_EQ(number_of(must(catalog().find_version_at(INT64_MAX))), 3U);
}

TEST_P(CatalogVersionTest, IsFoundByTokenSessionIdAndSessionName) {
  auto first = version(1), second = version(2), third = version(3);
  first.token = "t";
  first.session = second.session = "nightly";
  third.session = "other";
  third.session_id = SessionId{77};
  commit_record(first);
  commit_record(second);
  commit_record(third);

  EXPECT_EQ(number_of(must(catalog().find_version_by_token("t"))), 1U);
  EXPECT_EQ(number_of(must(catalog().find_version_by_token(""))), 0U);
  EXPECT_EQ(number_of(must(catalog().find_version_by_session_id(SessionId{77}))), 3U);
  EXPECT_EQ(number_of(must(catalog().find_version_by_session_id(SessionId{78}))), 0U);
  EXPECT_EQ(number_of(must(catalog().find_version_by_session_name("nightly"))), 2U);
  EXPECT_EQ(number_of(must(catalog().find_version_by_session_name("night"))), 0U);
}

TEST_P(CatalogVersionTest, TokenAndSessionIdAreUsedOnce) {
  auto first = version(1), same_token = version(2), same_session = version(2);
  first.token = same_token.token = "t";
  same_session.session_id = first.session_id;
  commit_record(first);

  auto transaction = begin();
  EXPECT_ERRNO(transaction->add_version(same_token, {}), EEXIST);
  EXPECT_ERRNO(transaction->add_version(same_session, {}), EEXIST);
  EXPECT_OK(transaction->add_version(version(2), {}));
}

TEST_P(CatalogVersionTest, ManyMayHaveNoSessionAndNoToken) {
  auto first = version(1), second = version(2);
  first.session_id = second.session_id = SessionId::none;
  commit_record(first);
  commit_record(second);

  EXPECT_EQ(must(catalog().find_version(SeqNo{2})), second);
  EXPECT_EQ(must(catalog().find_version_by_session_id(SessionId::none)), std::nullopt);
}

TEST_P(CatalogVersionTest, ChangesComeInTheOrderTheyWereRecorded) {
  const std::vector<ChangeRecord> changes = {
      {.kind = ChangeKind::renamed,
       .path = "z/\xFF",
       .old_path = "y",
       .inode = InodeId{9},
       .group = {InodeId{4}, "g"}},
      {.kind = ChangeKind::added,
       .path = "a",
       .old_path = "",
       .inode = InodeId{3},
       .group = {},
       .is_directory = true},
      {.kind = ChangeKind::attributes,
       .path = "a",
       .old_path = "",
       .inode = InodeId{3},
       .group = {}},
  };
  commit_record(version(1), changes);
  commit_record(version(2));

  EXPECT_EQ(must(catalog().list_changes(SeqNo{1})), changes);
  EXPECT_THAT(must(catalog().list_changes(SeqNo{2})), IsEmpty());
}

TEST_P(CatalogVersionTest, GroupHeadIsTheLastPut) {
  const GroupKey key{InodeId{4},
                     "\xFF"
                     "group"};
  const GroupHead head{SeqNo{3}, ChangeKind::deleted, SeqNo{2}};
  auto transaction = begin();
  must(transaction->put_group_head(key, {SeqNo{1}, ChangeKind::added, SeqNo::none}));
  must(transaction->put_group_head(key, head));
  must(transaction->commit());

  EXPECT_EQ(must(catalog().group_head(key)), head);
  EXPECT_EQ(must(catalog().group_head({InodeId{5}, key.group})), GroupHead{});
}

TEST_P(CatalogVersionTest, DirectoryHeadIsTheLastPut) {
  const DirectoryHead head{SeqNo{3}, SeqNo{4}, SeqNo{2}};
  auto transaction = begin();
  must(transaction->put_directory_head(InodeId{8}, {SeqNo{1}, SeqNo{1}, SeqNo{1}}));
  must(transaction->put_directory_head(InodeId{8}, head));
  must(transaction->commit());

  EXPECT_EQ(must(catalog().directory_head(InodeId{8})), head);
  EXPECT_EQ(must(catalog().directory_head(InodeId{9})), DirectoryHead{});
}

TEST_P(CatalogVersionTest, TermRisesByOneAndStays) {
  EXPECT_EQ(must(catalog().current_term()), Term::none);
  auto transaction = begin();
  EXPECT_EQ(must(transaction->raise_term()), Term{1});
  EXPECT_EQ(must(transaction->raise_term()), Term{2});
  must(transaction->commit());
  reopen();

  EXPECT_EQ(must(catalog().current_term()), Term{2});
}

TEST_P(CatalogVersionTest, ConfigIsTheLastPut) {
  auto transaction = begin();
  must(transaction->put_config("k", "1"));
  must(transaction->put_config("k", "two\n"));
  must(transaction->put_config("empty", ""));
  must(transaction->commit());
  reopen();

  EXPECT_EQ(must(catalog().find_config("k")), "two\n");
  EXPECT_EQ(must(catalog().find_config("empty")), "");
  EXPECT_EQ(must(catalog().find_config("K")), std::nullopt);
}

}  // namespace
}  // namespace commitfs::test
