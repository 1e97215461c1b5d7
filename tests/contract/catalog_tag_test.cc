#include "tests/contract/catalog_forms.h"

// Tags: names for versions.

namespace commitfs::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class CatalogTagTest : public CatalogTest {
 protected:
  CatalogTagTest() {
    for (std::uint64_t seq_no = 1; seq_no <= 3; ++seq_no)
      commit_version(seq_no, [](CatalogTransaction&) {});
  }

  static TagRecord tag(const std::string& name, std::uint64_t seq_no) {
    return {.name = name, .seq_no = SeqNo{seq_no}, .time_ns = 1'700'000'000'000'000'001, .uid = 7};
  }
  void put(const TagRecord& record) {
    auto transaction = begin();
    must(transaction->put_tag(record));
    must(transaction->commit());
  }
};
INSTANTIATE_FOR_EVERY_CATALOG(CatalogTagTest);

TEST_P(CatalogTagTest, ComesBackAsItWasPut) {
  TagRecord record = tag("\xFF 'v1'", 2);
  record.uid = 4'294'967'294;
  put(record);
  reopen();

  EXPECT_EQ(must(catalog().find_tag(record.name)), record);
  EXPECT_EQ(must(catalog().find_tag("v1")), std::nullopt);
}

TEST_P(CatalogTagTest, IsMovedByPuttingItAgain) {
  put(tag("v1", 1));
  put(tag("v1", 3));

  EXPECT_EQ(must(catalog().find_tag("v1")), tag("v1", 3));
  EXPECT_THAT(must(catalog().tags_of(SeqNo{1})), IsEmpty());
}

TEST_P(CatalogTagTest, NeedsItsVersion) {
  auto transaction = begin();
  EXPECT_ERRNO(transaction->put_tag(tag("v9", 9)), ENOENT);
  EXPECT_ERRNO(transaction->put_tag(tag("v0", 0)), ENOENT);
  must(transaction->commit());

  EXPECT_THAT(must(catalog().list_tags("", 9)), IsEmpty());
}

TEST_P(CatalogTagTest, IsGoneOnceRemoved) {
  put(tag("v1", 1));
  auto transaction = begin();
  EXPECT_OK(transaction->remove_tag("v1"));
  EXPECT_ERRNO(transaction->remove_tag("v1"), ENOENT);
  must(transaction->commit());

  EXPECT_EQ(must(catalog().find_tag("v1")), std::nullopt);
}

TEST_P(CatalogTagTest, ListComesByNameInPages) {
  for (const char* name : {"b", "a", "\xFF", "c"})
    put(tag(name, 1));

  EXPECT_THAT(must(catalog().list_tags("", 2)), ElementsAre(tag("a", 1), tag("b", 1)));
  EXPECT_THAT(must(catalog().list_tags("b", 9)), ElementsAre(tag("c", 1), tag("\xFF", 1)));
}

TEST_P(CatalogTagTest, OfOneVersionComeByName) {
  put(tag("z", 2));
  put(tag("a", 2));
  put(tag("other", 1));

  EXPECT_THAT(must(catalog().tags_of(SeqNo{2})), ElementsAre(tag("a", 2), tag("z", 2)));
}

TEST_P(CatalogTagTest, IsUndoneWithItsTransaction) {
  {
    auto transaction = begin();
    must(transaction->put_tag(tag("v1", 1)));
    EXPECT_EQ(must(transaction->find_tag("v1")), tag("v1", 1));
  }
  EXPECT_EQ(must(catalog().find_tag("v1")), std::nullopt);
}

}  // namespace
}  // namespace commitfs::test
