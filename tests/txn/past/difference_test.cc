#include "txn/past/difference.h"

#include <gmock/gmock.h>

#include "tests/support/result.h"
#include "tests/support/txn_table.h"
#include "txn/past/path_changes.h"

namespace commitfs::past {
namespace {

using test::must;
using ::testing::HasSubstr;
using testing::TxnTable;
using testing::Writer;

class DifferenceTest : public ::testing::Test {
 protected:
  DifferenceTest() {
    first_ = table_.setup([](Writer& w) {
      w.mkdir("d").write("d/a", "a").write("d/b", "b").write("c", "c").ln_s("c", "l");
    });
  }

  /// As `commitfs diff` prints it, lines separated by ';'.
  std::string diff(SeqNo from, SeqNo to) {
    CatalogReader& catalog = *table_.context.catalog;
    const auto difference = must(compare_versions(catalog, from, to));
    std::string text;
    for (const PathChange& change : must(list_path_changes(catalog, difference))) {
      std::string line = format_path_change(change);
      line.back() = ';';
      text += line;
    }
    std::ranges::replace(text, '\t', ' ');
    return text;
  }

  TxnTable table_;
  SeqNo first_ = SeqNo::none;
};

TEST_F(DifferenceTest, OfAVersionAndItselfIsNone) {
  EXPECT_EQ(diff(first_, first_), "");
}

TEST_F(DifferenceTest, TellsEachKindOfChangeBothWays) {
  const SeqNo second = table_.setup([](Writer& w) {
    w.write("new", "n").write("d/a", "changed").rm("d/b").mv("c", "d/moved");
    w.chmod("d", 0700);
  });
  EXPECT_EQ(diff(first_, second), "M d;M d/a;D d/b;R c -> d/moved;A new;");
  EXPECT_EQ(diff(second, first_), "R d/moved -> c;M d;M d/a;A d/b;D new;");
}

TEST_F(DifferenceTest, OfWhatWasChangedAndChangedBackIsNone) {
  table_.setup([](Writer& w) { w.write("x", "x").mv("c", "e").chmod("d/a", 0600); });
  const SeqNo third = table_.setup([](Writer& w) { w.rm("x").mv("e", "c").chmod("d/a", 0644); });
  EXPECT_EQ(diff(first_, third), "");
}

TEST_F(DifferenceTest, SumsUpSeveralVersions) {
  table_.setup([](Writer& w) { w.write("x", "1"); });
  table_.setup([](Writer& w) { w.write("x", "2").rm("c"); });
  const SeqNo last = table_.setup([](Writer& w) { w.mv("x", "y").write("d/a", "2"); });
  EXPECT_EQ(diff(first_, last), "D c;M d/a;A y;");
}

TEST_F(DifferenceTest, OfARenamedDirectoryIsOneLineAndItsOwnChanges) {
  const SeqNo second = table_.setup([](Writer& w) { w.mv("d", "e").write("e/a", "2").rm("e/b"); });
  EXPECT_EQ(diff(first_, second), "D d/b;R d -> e;M e/a;");
}

TEST_F(DifferenceTest, ComparesByPathWhateverTheInodes) {
  table_.setup([](Writer& w) { w.rm("d/a").rm("d/b").rmdir("d"); });
  const SeqNo third = table_.setup([](Writer& w) { w.mkdir("d").write("d/a", "again"); });
  EXPECT_EQ(diff(first_, third), "M d/a;D d/b;");
}

TEST_F(DifferenceTest, TellsEveryNameOfALinkedFile) {
  const SeqNo second = table_.setup([](Writer& w) { w.ln("c", "d/c2"); });
  EXPECT_EQ(diff(first_, second), "A d/c2;");
  const SeqNo third = table_.setup([](Writer& w) { w.write("c", "2"); });
  EXPECT_EQ(diff(second, third), "M c;M d/c2;");
}

TEST_F(DifferenceTest, TellsExtendedAttributesAndNotTimes) {
  const SeqNo second =
      table_.setup([](Writer& w) { w.set_xattr("c", "user.x", "1").touch("d/a", 1'000'000'000); });
  EXPECT_EQ(diff(first_, second), "M c;");
  const auto difference = must(compare_versions(*table_.context.catalog, first_, second));
  const bool has_times = std::ranges::any_of(
      difference.inodes, [](const InodeDifference& inode) { return inode.changed_times(); });
  EXPECT_TRUE(has_times);
}

TEST_F(DifferenceTest, FromNothingIsTheWholeTree) {
  EXPECT_EQ(diff(SeqNo::none, first_), "A c;A d;A d/a;A d/b;A l;");
}

TEST_F(DifferenceTest, AsJsonTellsBothSides) {
  const SeqNo second = table_.setup([](Writer& w) { w.write("c", "longer"); });
  CatalogReader& catalog = *table_.context.catalog;
  const auto difference = must(compare_versions(catalog, first_, second));
  const auto changes = must(list_path_changes(catalog, difference));
  ASSERT_EQ(changes.size(), 1U);
  const std::string json = path_change_json(changes.front());
  EXPECT_THAT(json, HasSubstr(R"("change":"M","path":"c","type":"file","content":true)"));
  EXPECT_THAT(json, HasSubstr(R"("before":{"size":1,)"));
  EXPECT_THAT(json, HasSubstr(R"("after":{"size":6,)"));
  const ChangeTotals totals = total_of(changes);
  EXPECT_EQ(totals.modified, 1U);
  EXPECT_EQ(totals.bytes_before, 1U);
  EXPECT_EQ(totals.bytes_after, 6U);
}

}  // namespace
}  // namespace commitfs::past
