#include "txn/tags.h"

#include <gmock/gmock.h>

#include "tests/support/result.h"
#include "tests/support/txn_table.h"
#include "txn/version_name.h"

namespace commitfs {
namespace {

using test::must;
using ::testing::ElementsAre;

class TagsTest : public ::testing::Test {
 protected:
  TagsTest() {
    for (const char* name : {"a", "b"})
      table_.setup([&](auto& w) { w.write(name, name); });
  }

  std::optional<SeqNo> resolve(std::string_view name) {
    return must(resolve_version(*table_.context.catalog, name));
  }
  std::uint64_t added(std::string_view name, std::string_view target) {
    return raw(must(tags_.add(name, target, {.uid = 5})).seq_no);
  }

  testing::TxnTable table_;
  Tags tags_{table_.context};
};

TEST_F(TagsTest, NamesAVersion) {
  added("v1", "2");
  EXPECT_EQ(resolve("v1"), SeqNo{2});
  EXPECT_EQ(resolve("v2"), std::nullopt);
}

TEST_F(TagsTest, StaysAtTheNumberItWasSetBy) {
  EXPECT_EQ(added("now", "latest"), 3);
  EXPECT_EQ(added("before", "previous"), 2);
  EXPECT_EQ(added("same", "before"), 2);
  table_.setup([](auto& w) { w.write("d", "d"); });
  must(tags_.remove("before"));
  EXPECT_EQ(resolve("now"), SeqNo{3});
  EXPECT_EQ(resolve("same"), SeqNo{2});
}

TEST_F(TagsTest, TakesATime) {
  const auto second = must(table_.context.catalog->find_version(SeqNo{2}));
  EXPECT_EQ(added("then", format_time(second->time_ns)), 2);
}

TEST_F(TagsTest, TakesAPathToAVersion) {
  EXPECT_EQ(added("one", "../snapshots/1"), 1);
  EXPECT_EQ(added("two", "/mnt/sales/snapshots/2/"), 2);
  EXPECT_EQ(added("as-one", "../tags/one"), 1);
  EXPECT_ERRNO(tags_.add("odd", "live/1", {}), EINVAL);
  EXPECT_ERRNO(tags_.add("odd", "/1", {}), EINVAL);
}

TEST_F(TagsTest, OfAVersionThatIsNotThereIsEnoent) {
  for (const char* target : {"4", "0", "", "nothing", "2999-01-01T00:00:00Z"})
    EXPECT_ERRNO(tags_.add("v1", target, {}), ENOENT) << target;
}

TEST_F(TagsTest, IsNotSetTwice) {
  added("v1", "1");
  EXPECT_ERRNO(tags_.add("v1", "2", {}), EEXIST);
  EXPECT_EQ(resolve("v1"), SeqNo{1});
}

TEST_F(TagsTest, RenamesOverAnother) {
  added("v1", "1");
  added("new", "2");
  EXPECT_ERRNO(tags_.rename("new", "v1", false), EEXIST);
  EXPECT_OK(tags_.rename("new", "v1", true));
  EXPECT_EQ(resolve("v1"), SeqNo{2});
  EXPECT_EQ(resolve("new"), std::nullopt);
  EXPECT_ERRNO(tags_.rename("new", "v2", true), ENOENT);
  EXPECT_ERRNO(tags_.rename("v1", "latest", true), EINVAL);
  EXPECT_OK(tags_.rename("v1", "v1", true));
  EXPECT_EQ(resolve("v1"), SeqNo{2});
}

TEST_F(TagsTest, IsGoneOnceRemoved) {
  added("v1", "1");
  EXPECT_OK(tags_.remove("v1"));
  EXPECT_EQ(resolve("v1"), std::nullopt);
  EXPECT_ERRNO(tags_.remove("v1"), ENOENT);
}

TEST_F(TagsTest, OfOneVersionAreTold) {
  added("z", "2");
  added("a", "2");
  EXPECT_EQ(must(tag_names(*table_.context.catalog, SeqNo{2})), "a z");
  EXPECT_EQ(must(tag_names(*table_.context.catalog, SeqNo{1})), "");
}

class TagName : public ::testing::TestWithParam<const char*> {};
TEST_P(TagName, IsRefused) {
  EXPECT_ERRNO(check_tag_name(GetParam()), EINVAL);
}
INSTANTIATE_TEST_SUITE_P(Tags, TagName,
                         ::testing::Values("", ".", "..", "a/b", "7", "007", "latest", "previous",
                                           "head", ".commitfs", "2026-11-20T18:00:00Z", "a@b",
                                           "a b", "-x", "a\nb", "a\tb", "\xff", "a\x01"));

TEST(TagNames, OfOtherKindsAreTaken) {
  for (const char* name : {"v1", "release-2026.11", "2026-11-20", "7a", "ä", "CuAbCdEf", ".hidden"})
    EXPECT_OK(check_tag_name(name)) << name;
}

}  // namespace
}  // namespace commitfs
