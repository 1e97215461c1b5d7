#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "txn/condition/condition.h"

namespace commitfs::condition {
namespace {

using ::testing::HasSubstr;

std::string repeat(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i)
    all += text;
  return all;
}

/// How a condition is grouped: every operator with its parts in parentheses, tests as written.
std::string grouped(const Condition& condition, const Expression& expression) {
  const auto* logic = std::get_if<Logic>(&expression.node);
  if (logic == nullptr) return std::string(condition.part(expression.span));
  if (logic->op == Logic::Operator::none) return "!" + grouped(condition, logic->parts[0]);
  std::string text;
  for (const Expression& part : logic->parts) {
    if (!text.empty()) text += logic->op == Logic::Operator::all ? " & " : " | ";
    text += grouped(condition, part);
  }
  return "(" + text + ")";
}

std::string grouped(std::string_view text) {
  const auto condition = parse(text);
  return condition ? grouped(*condition, condition->root) : condition.error().describe();
}

TEST(ConditionParser, NotBindsTighterThanAndThanOr) {
  EXPECT_EQ(grouped("1=1 OR 2=2 AND NOT 3=3 OR 4=4"), "(1=1 | (2=2 & !3=3) | 4=4)");
  EXPECT_EQ(grouped("NOT 1=1 AND 2=2"), "(!1=1 & 2=2)");
  EXPECT_EQ(grouped("NOT NOT 1=1"), "!!1=1");
}

TEST(ConditionParser, ParenthesesGroup) {
  EXPECT_EQ(grouped("(1=1 OR 2=2) AND 3=3"), "((1=1 | 2=2) & 3=3)");
  EXPECT_EQ(grouped("NOT (1=1 AND 2=2)"), "!(1=1 & 2=2)");
  EXPECT_EQ(grouped("((1=1))"), "((1=1))");
}

TEST(ConditionParser, AndOfBetweenIsNotTheOperator) {
  EXPECT_EQ(grouped("1 BETWEEN 0 AND 2 AND 3=3"), "(1 BETWEEN 0 AND 2 & 3=3)");
}

TEST(ConditionParser, WordsAreOfEitherCaseAndBlanksAreFree) {
  EXPECT_EQ(grouped("nOt\tAttribute_Exists('a')\nAnd 1 In(1,2)"),
            "(!Attribute_Exists('a') & 1 In(1,2))");
  EXPECT_EQ(grouped("'a'='a'and 1=1"), "('a'='a' & 1=1)");
}

class Accepted : public ::testing::TestWithParam<const char*> {};
TEST_P(Accepted, IsACondition) {
  const auto condition = parse(GetParam());
  EXPECT_TRUE(condition) << condition.error().describe();
}
INSTANTIATE_TEST_SUITE_P(
    ConditionParser, Accepted,
    ::testing::Values("attribute_not_exists('done') AND size('a.csv') < 1000",
                      "seq_no('a') = 7 AND primary_term('a') = 2", "attribute_exists('a/b', mode)",
                      "attribute_exists('a', 'user.origin')", "attribute_exists('.', 'seq_no')",
                      "attribute_type('a', 'directory')", "attribute_type('a', content, 'S')",
                      "attribute_type('a', 'user.k', 'B')", "begins_with(content('a'), 'x')",
                      "contains(xattr('a', 'user.k'), content('b'))", "mode('a') = 0644",
                      "mode('a') <> 420", "mtime('a') > '2026-11-20T18:00:00Z'",
                      "'2026-11-20T18:00:00Z' <= mtime('a')", "mtime('a') > 1700000000.5",
                      "mtime('a') = mtime('b')", "mtime('a') >= seq_no('a')",
                      "mtime('a') BETWEEN '2026-01-01T00:00:00Z' AND '2027-01-01T00:00:00+01:00'",
                      "'2026-01-01T00:00:00Z' BETWEEN '2025-01-01T00:00:00Z' AND mtime('a')",
                      "'2026-01-01T00:00:00Z' IN ('2026-01-02T00:00:00Z', mtime('a'))",
                      "head_seq_no >= 3", "head_primary_term <> 1", "content('it''s') = ''",
                      "-1.5 < 0", "size('a') IN (1, 2, 3)", "content('\xff\n') = '\x01'"));

struct Bad {
  const char* text;
  std::size_t column;
  const char* expected;
  const char* found;
};
void PrintTo(const Bad& bad, std::ostream* out) {
  *out << bad.text;
}

class Refused : public ::testing::TestWithParam<Bad> {};
TEST_P(Refused, NamesTheColumnAndWhatWasExpectedThere) {
  const auto condition = parse(GetParam().text);
  ASSERT_FALSE(condition);
  EXPECT_EQ(condition.error().column, GetParam().column) << condition.error().describe();
  EXPECT_THAT(condition.error().expected, HasSubstr(GetParam().expected));
  EXPECT_EQ(condition.error().found, GetParam().found);
}
INSTANTIATE_TEST_SUITE_P(
    ConditionParser, Refused,
    ::testing::Values(
        Bad{"", 1, "a test", "the end"}, Bad{"   ", 4, "a test", "the end"},
        Bad{"nonsense", 1, "a test", "nonsense"}, Bad{"1", 2, "BETWEEN", "the end"},
        Bad{"1 = ", 5, "a test", "the end"}, Bad{"1 = 1 2", 7, "AND, OR or the end", "2"},
        Bad{"1 == 1", 4, "a test", "="}, Bad{"1 != 1", 3, "a comparator", "'!'"},
        Bad{"(1 = 1", 7, "')'", "the end"}, Bad{"1 = 1)", 6, "AND, OR", ")"},
        Bad{"1 = 1 AND", 10, "a test", "the end"}, Bad{"NOT", 4, "a test", "the end"},
        Bad{"content('a) = 'x'", 17, "a closing quote", "none"},
        Bad{"'ä' = 'b", 7, "a closing quote", "none"}, Bad{"'ä' ; 1", 5, "a comparator", "';'"},
        Bad{"1 = ä", 5, "a number", "'ä'"}, Bad{"size(a) = 1", 6, "a path in ' '", "a"},
        Bad{"size 'a' = 1", 6, "'('", "'a'"}, Bad{"size('a' = 1", 10, "')'", "="},
        Bad{"size('/a') = 1", 6, "a path", "'/a'"}, Bad{"size('') = 1", 6, "a path", "''"},
        Bad{"size('a/../b') = 1", 6, "a path", "'a/../b'"},
        Bad{"size('a') = '1'", 13, "a number", "'1'"},
        Bad{"'1' = size('a')", 7, "text", "size('a')"}, Bad{"content('a') < 1", 16, "text", "1"},
        Bad{"mtime('a') > 'today'", 14, "a time", "'today'"},
        Bad{"'today' < mtime('a')", 1, "a time", "'today'"},
        Bad{"mtime('a') > content('b')", 14, "a time", "content('b')"},
        Bad{"begins_with(1, 'a')", 13, "text", "1"}, Bad{"contains(content('a'))", 22, "','", ")"},
        Bad{"12x = 1", 1, "a number", "'12x'"}, Bad{"1.2.3 = 1", 1, "a number", "'1.2.3'"},
        Bad{"089 = 1", 1, "octal", "'089'"}, Bad{"1. = 1", 1, "a number", "'1.'"},
        Bad{"- = 1", 1, "a number", "'-'"}, Bad{"--1 = 1", 1, "a number", "'-'"},
        Bad{"1.0123456789 = 1", 1, "9", "'1.0123456789'"},
        Bad{"99999999999999999999 = 1", 1, "a number", "'99999999999999999999'"},
        Bad{"1 BETWEEN 2", 12, "AND", "the end"}, Bad{"1 BETWEEN 2 OR 3", 13, "AND", "OR"},
        Bad{"1 IN 2", 6, "'('", "2"}, Bad{"1 IN ()", 7, "a test", ")"},
        Bad{"1 IN (1 2)", 9, "',' or ')'", "2"}, Bad{"1 IN (1, 'a')", 10, "a number", "'a'"},
        Bad{"attribute_exists('a', origin)", 23, "user.origin", "origin"},
        Bad{"attribute_exists('a', 'origin')", 23, "user.origin", "'origin'"},
        Bad{"attribute_exists('a', head_seq_no)", 23, "seq_no", "head_seq_no"},
        Bad{"attribute_type('a', 'S')", 21, "a type of a path", "'S'"},
        Bad{"attribute_type('a', mode, 'file')", 27, "'N', 'S' or 'B'", "'file'"},
        Bad{"attribute_type('a')", 19, "a type", ")"},
        Bad{"attribute_type('a',", 20, "a type", "the end"},
        Bad{"xattr('a') = 'v'", 10, "a name", ")"},
        Bad{"xattr('a', 'k') = 'v'", 12, "user.origin", "'k'"},
        Bad{"head_seq_no('a') = 1", 12, "BETWEEN", "("},
        Bad{"attribute_exists('a') = 1", 23, "AND, OR", "="}));

TEST(ConditionParser, ANulIsNoPartOfAString) {
  const auto condition = parse(std::string_view("'a\0b' = 'c'", 11));
  ASSERT_FALSE(condition);
  EXPECT_EQ(condition.error().column, 3U);
}

TEST(ConditionParser, NestingIsLimited) {
  EXPECT_TRUE(parse(repeat("(", kDepthMax) + "1=1" + repeat(")", kDepthMax)));
  EXPECT_TRUE(parse(repeat("NOT ", kDepthMax) + "1=1"));
  const auto deep = parse(repeat("NOT (", kDepthMax) + "1=1" + repeat(")", kDepthMax));
  ASSERT_FALSE(deep);
  EXPECT_EQ(deep.error().column, 5 * kDepthMax / 2 + 1);
  EXPECT_FALSE(parse(repeat("(", kTextMaxBytes)));
}

TEST(ConditionParser, TestsAndValuesAreCounted) {
  EXPECT_TRUE(parse("1=1" + repeat(" OR 1=1", kTestsMax - 1)));
  EXPECT_FALSE(parse("1=1" + repeat(" OR 1=1", kTestsMax)));
  EXPECT_TRUE(parse("1 IN (1" + repeat(",1", kInValuesMax - 1) + ")"));
  EXPECT_FALSE(parse("1 IN (1" + repeat(",1", kInValuesMax) + ")"));
}

TEST(ConditionParser, LengthIsLimited) {
  const std::string full = "'" + std::string(kTextMaxBytes - 7, 'x') + "' ='x'";
  ASSERT_EQ(full.size(), kTextMaxBytes);
  EXPECT_TRUE(parse(full));
  const auto longer = parse(full + " ");
  ASSERT_FALSE(longer);
  EXPECT_EQ(longer.error().column, kTextMaxBytes + 1);
}

TEST(ConditionParser, AnErrorIsOneSentence) {
  EXPECT_EQ(parse("size('a') < ").error().describe(),
            "column 13: expected a test such as attribute_exists('path') or size('path') < 9, or a "
            "value, found the end");
}

}  // namespace
}  // namespace commitfs::condition
