#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/support/result.h"
#include "tests/support/txn_table.h"
#include "txn/condition/condition.h"

namespace commitfs::condition {
namespace {

using commitfs::testing::TxnTable;
using commitfs::testing::Writer;
using test::must;
using ::testing::ElementsAre;

constexpr TimeNs kTimeNs = 1'700'000'000'500'000'000;  // 2023-11-14T22:13:20.5Z

/// Version 2 has a file of each kind; version 3 changed `late`.
class ConditionEvaluator : public ::testing::Test {
 protected:
  ConditionEvaluator() {
    table_.setup([](Writer& w) {
      w.mkdir("d", 0750).write("d/f", "hello, world").chmod("d/f", 0640).touch("d/f", kTimeNs);
      w.write("empty", "").write("it's", "x").ln_s("d/f", "link").write("bytes", "\xff\xfe");
      w.write("big", std::string(kContentMaxBytes + 1, 'x'));
      w.write("full", std::string(kContentMaxBytes, 'x'));
      w.set_xattr("d/f", "user.k", "value").set_xattr("d/f", "user.b", "\xff");
    });
    table_.setup([](Writer& w) { w.write("late", "1"); });
  }

  std::optional<Refusal> refusal(std::string_view text) {
    auto condition = parse(text);
    if (!condition) throw std::runtime_error(condition.error().describe());
    return must(evaluate(*condition, *table_.context.catalog, *table_.context.store));
  }
  bool is_true(std::string_view text) { return !refusal(text).has_value(); }
  /// "expected / actual" of the first part that is false.
  std::string why(std::string_view text) {
    const auto refused = refusal(text);
    if (!refused) return "true";
    return refused->parts.at(0).expected + " / " + refused->parts.at(0).actual;
  }

  TxnTable table_;
};

class TrueTest : public ConditionEvaluator, public ::testing::WithParamInterface<const char*> {};
TEST_P(TrueTest, HoldsAndItsNegationDoesNot) {
  EXPECT_TRUE(is_true(GetParam())) << why(GetParam());
  EXPECT_FALSE(is_true(std::string("NOT (") + GetParam() + ")"));
}
INSTANTIATE_TEST_SUITE_P(
    ConditionEvaluator, TrueTest,
    ::testing::Values(
        "head_seq_no = 3", "head_primary_term = 1", "seq_no('d/f') = 2", "seq_no('late') = 3",
        "primary_term('late') = 1", "seq_no('.') = 3", "size('d/f') = 12", "size('link') = 3",
        "size('empty') = 0", "size('d/f') < 12.5", "size('d/f') <= 12", "size('d/f') > 11.999",
        "size('d/f') >= 12", "size('d/f') <> 13", "100 > size('d/f')", "mode('d/f') = 0640",
        "mode('d') = 0750", "mtime('d/f') = '2023-11-14T22:13:20.5Z'", "mtime('d/f') > 1700000000",
        "mtime('d/f') < '2023-11-14T22:13:21+00:00'", "content('d/f') = 'hello, world'",
        "content('empty') = ''", "content('it''s') = 'x'", "content('link') = 'd/f'",
        "content('d/f') > 'hello'", "content('full') > 'x'", "xattr('d/f', 'user.k') = 'value'",
        "begins_with(content('d/f'), 'hello')", "begins_with('abc', 'ab')",
        "contains(content('d/f'), 'o, w')", "contains(content('d/f'), '')",
        "size('d/f') BETWEEN 12 AND 12", "content('it''s') BETWEEN 'w' AND 'y'",
        "size('d/f') IN (1, 12)", "content('it''s') IN ('y', 'x')",
        "size('d/f') IN (size('link'), size('d/f'))", "attribute_exists('d')",
        "attribute_exists('.')", "attribute_exists('link')", "attribute_not_exists('none')",
        "attribute_not_exists('d/f/x')", "attribute_not_exists('late/x')",
        "attribute_exists('d/f', 'user.k')", "attribute_exists('big', content)",
        "attribute_not_exists('d', content)", "attribute_not_exists('d', size)",
        "attribute_exists('d', mode)", "attribute_not_exists('none', mode)",
        "attribute_not_exists('d/f', 'user.other')", "attribute_type('d', 'directory')",
        "attribute_type('d/f', 'file')", "attribute_type('link', 'symlink')",
        "attribute_type('d/f', content, 'S')", "attribute_type('bytes', content, 'B')",
        "attribute_type('d/f', size, 'N')", "attribute_type('d/f', mtime, 'N')",
        "attribute_type('d/f', 'user.b', 'B')", "1 = 1 OR size('none') = 1",
        "NOT size('none') = 1 AND 2 = 2"));

class FalseTest : public ConditionEvaluator, public ::testing::WithParamInterface<const char*> {};
TEST_P(FalseTest, DoesNotHold) {
  EXPECT_FALSE(is_true(GetParam()));
}
INSTANTIATE_TEST_SUITE_P(
    ConditionEvaluator, FalseTest,
    ::testing::Values(
        // What is missing makes a test false, whatever it asks.
        "size('none') = 0", "size('none') <> 0", "size('none') < 1", "0 <> size('none')",
        "size('d') = 0", "content('none') = ''", "content('d') <> ''", "mtime('none') < 9",
        "xattr('d/f', 'user.other') <> 'x'", "size('none') BETWEEN 0 AND 9",
        "1 BETWEEN size('none') AND 9", "size('none') IN (size('none'))",
        "begins_with(content('none'), '')", "contains('', content('none'))",
        "attribute_type('none', 'file')", "attribute_type('none', content, 'S')",
        // Content beyond the limit is not compared.
        "content('big') <> 'x'", "begins_with(content('big'), 'x')",
        "attribute_type('big', content, 'S')", "size('d/f') < 12", "size('d/f') > 12",
        "size('d/f') <> 12", "content('it''s') < 'x'", "size('d/f') BETWEEN 0 AND 11",
        "size('d/f') BETWEEN 13 AND 99", "size('d/f') IN (1, 2)",
        "begins_with(content('d/f'), 'world')", "contains(content('d/f'), 'W')",
        "attribute_exists('none')", "attribute_not_exists('d')", "attribute_type('d', 'file')",
        "1 = 1 AND 1 = 2", "1 = 2 OR 2 = 3", "head_seq_no = 2"));

TEST_F(ConditionEvaluator, SaysWhatWasExpectedAndWhatIsThere) {
  EXPECT_EQ(why("size('d/f') < 10"), "< 10 / 12");
  EXPECT_EQ(why("10 > size('d/f')"), "< 10 / 12");
  EXPECT_EQ(why("10 >= size('d/f')"), "<= 10 / 12");
  EXPECT_EQ(why("mode('d/f') = 0600"), "= 0600 / 0640");
  EXPECT_EQ(why("mtime('d/f') < 0"),
            "< 1970-01-01T00:00:00.000000000Z / 2023-11-14T22:13:20.500000000Z");
  EXPECT_EQ(why("content('d/f') = 'x'"), "= 'x' / 'hello, world'");
  EXPECT_EQ(why("content('bytes') = 'x'"), "= 'x' / '\\377\\376'");
  EXPECT_EQ(why("size('none') < 10"), "< 10 / no such path");
  EXPECT_EQ(why("size('d') < 10"), "< 10 / a directory has no size");
  EXPECT_EQ(why("xattr('d', 'user.k') = ''"), "= '' / no such attribute");
  EXPECT_EQ(why("content('big') = ''"),
            "= '' / 65537 bytes of content, more than the 65536 that are compared");
  EXPECT_EQ(why("size('d/f') BETWEEN 1 AND 2"), "between 1 and 2 / 12");
  EXPECT_EQ(why("mode('d/f') IN (0600, 0644)"), "one of 0600, 0644 / 0640");
  EXPECT_EQ(why("attribute_not_exists('late')"),
            "it does not exist / it exists, last changed in version 3");
  EXPECT_EQ(why("attribute_exists('none')"), "it exists / no such path");
  EXPECT_EQ(why("attribute_exists('d', 'user.k')"), "it exists / no such attribute");
  EXPECT_EQ(why("attribute_type('d', 'file')"), "type 'file' / type 'directory'");
  EXPECT_EQ(why("attribute_type('d/f', mode, 'S')"), "type 'S' / type 'N'");
  EXPECT_EQ(why("begins_with(content('d/f'), 'w')"), "begins with 'w' / 'hello, world'");
  EXPECT_EQ(why("NOT size('d/f') = 12"), "not: = 12 / 12");
  EXPECT_EQ(why("NOT (1 = 1 AND 2 = 2)"), "false after NOT / true");
}

TEST_F(ConditionEvaluator, OfAndTheFirstFalsePartIsNamedOfOrAll) {
  const auto both = refusal("1 = 1 AND (size('none') = 1 OR size('d/f') = 1) AND 2 = 3");
  ASSERT_TRUE(both);
  EXPECT_EQ(both->text, "1 = 1 AND (size('none') = 1 OR size('d/f') = 1) AND 2 = 3");
  EXPECT_THAT(both->parts, ElementsAre(FalsePart{"size('none') = 1", "= 1", "no such path"},
                                       FalsePart{"size('d/f') = 1", "= 1", "12"}));
}

TEST_F(ConditionEvaluator, SeesATransactionsOwnHead) {
  auto transaction = must(table_.context.catalog->begin());
  VersionRecord version;
  version.seq_no = SeqNo{4};
  version.session_id = SessionId{77};
  must(transaction->add_version(version, {}));
  auto condition = parse("head_seq_no = 4");
  ASSERT_TRUE(condition);
  EXPECT_FALSE(must(evaluate(*condition, *transaction, *table_.context.store)).has_value());
}

TEST_F(ConditionEvaluator, ABodyThatIsLostIsAnErrorNotAnAnswer) {
  must(table_.context.store->remove(table_.stat("d/f").object));
  auto condition = parse("content('d/f') <> 'x'");
  ASSERT_TRUE(condition);
  EXPECT_FALSE(evaluate(*condition, *table_.context.catalog, *table_.context.store));
}

}  // namespace
}  // namespace commitfs::condition
