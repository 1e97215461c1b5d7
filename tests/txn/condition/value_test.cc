#include "txn/condition/value.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <limits>

namespace commitfs::condition {
namespace {

Number number(std::string_view text) {
  return parse_number(text).value_or(Number{-77, 77});
}

TEST(ConditionValue, NumbersAreExactAndOrdered) {
  EXPECT_LT(number("-1.5"), number("-1.4"));
  EXPECT_LT(number("-1.5"), number("-1"));
  EXPECT_LT(number("-0.1"), number("0"));
  EXPECT_EQ(number("1.50"), number("1.5"));
  EXPECT_EQ(number("-0"), number("0"));
  EXPECT_EQ(number("9223372036854775807").whole, std::numeric_limits<std::int64_t>::max());
  EXPECT_LT(number("9223372036854775806.999999999"), number("9223372036854775807"));
}

TEST(ConditionValue, WholeNumbersThatBeginWithZeroAreOctal) {
  EXPECT_EQ(number("0644").whole, 420);
  EXPECT_EQ(number("0").whole, 0);
  EXPECT_EQ(number("00.5"), number("0.5"));
}

TEST(ConditionValue, NumbersAreShownAsTheyAreWritten) {
  for (const char* text : {"0", "7", "-7", "0.5", "-0.5", "-1.25", "12.000000001"}) {
    EXPECT_EQ(show(number(text)), text);
  }
  EXPECT_EQ(show_mode(number("0644")), "0644");
}

TEST(ConditionValue, TimesBeforeTheEpochAreRoundedDown) {
  EXPECT_EQ(number_of_time(1'500'000'000), number("1.5"));
  EXPECT_EQ(number_of_time(-1'500'000'000), number("-1.5"));
  EXPECT_EQ(show_time(number_of_time(0)), "1970-01-01T00:00:00.000000000Z");
  EXPECT_EQ(show_time(number("9223372036854775807")), "9223372036854775807");
}

TEST(ConditionValue, TextIsShownOnOneLineAndCut) {
  const std::string longest(200, 'x');
  EXPECT_EQ(show("a\nb"), "'a\\nb'");
  EXPECT_EQ(show(longest), fmt::format("'{}'", longest));
  // 199 bytes and characters of two each: none is cut in two.
  const std::string shorter(199, 'x');
  EXPECT_EQ(show(shorter + "äöü"), fmt::format("'{}…' (205 bytes)", shorter));
}

}  // namespace
}  // namespace commitfs::condition
