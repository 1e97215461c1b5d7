#include "txn/config/config_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "tests/support/result.h"

namespace commitfs::testing {
namespace {

using ::commitfs::test::must;
using ::testing::HasSubstr;

ConfigText parse(std::string_view text) {
  return must(ConfigText::parse(text, ConfigText::Repeated::refused));
}
/// Why a text is refused; empty when it is not.
std::string refusal(std::string_view text) {
  const auto parsed = ConfigText::parse(text, ConfigText::Repeated::refused);
  return parsed ? "" : parsed.error().context;
}

TEST(ConfigText, EmptyLinesAndCommentsSayNothing) {
  EXPECT_EQ(parse("\n  \n# group = hudi\n   # another\n").stored(), "");
}

TEST(ConfigText, BlanksAroundKeyAndValueAreNoPartOfThem) {
  EXPECT_EQ(parse("  isolation\t=   serializable  \r\n").stored(), "isolation = serializable\n");
  EXPECT_EQ(parse("isolation=serializable").stored(), "isolation = serializable\n");
}

TEST(ConfigText, APatternMayHoldAnEqualsSign) {
  const TableConfig config = must(parse("group region=*/day=* = partition").values());
  EXPECT_FALSE(config.groups.rule_for("region=eu/day=1").is_path());
  EXPECT_TRUE(config.groups.rule_for("region=eu").is_path());
}

TEST(ConfigText, EveryKeySetsItsValue) {
  const TableConfig config = must(parse("isolation = serializable\ngroup = hudi\n"
                                        "identical = conflict\nempty = record\n"
                                        "prefer_writer = on\nignore = _SUCCESS , .*.crc\n"
                                        "session_ttl = 15m\nkeep_last = 7\nkeep_for = 30d\n"
                                        "commit.open_wait_ms = 70")
                                      .values());
  EXPECT_EQ(config.isolation, Isolation::serializable);
  EXPECT_FALSE(config.groups.all_path());
  EXPECT_TRUE(config.identical_conflicts);
  EXPECT_TRUE(config.record_empty);
  EXPECT_TRUE(config.prefer_writer);
  EXPECT_TRUE(config.ignores("_SUCCESS"));
  EXPECT_TRUE(config.ignores(".a.crc"));
  EXPECT_FALSE(config.ignores("a.crc"));
  EXPECT_EQ(config.open_wait, std::chrono::milliseconds(70));
  EXPECT_EQ(config.session_ttl, std::chrono::minutes(15));
  EXPECT_EQ(config.keep_last, 7U);
  EXPECT_EQ(config.keep_for, std::chrono::days(30));
}

TEST(ConfigText, DefaultsAreThoseOfTheTable) {
  const TableConfig config = must(parse("").values());
  EXPECT_EQ(config.isolation, Isolation::snapshot);
  EXPECT_TRUE(config.groups.all_path());
  EXPECT_FALSE(config.identical_conflicts);
  EXPECT_FALSE(config.record_empty);
  EXPECT_FALSE(config.prefer_writer);
  EXPECT_FALSE(config.ignores("_SUCCESS"));
  EXPECT_FALSE(config.open_wait);
  EXPECT_FALSE(config.session_ttl);
  EXPECT_FALSE(config.keep_last);
  EXPECT_FALSE(config.keep_for);
}

TEST(ConfigText, TimesHaveUnitsAndNeverIsNone) {
  const auto ttl = [](const std::string& value) {
    return must(parse("session_ttl = " + value).values()).session_ttl;
  };
  EXPECT_EQ(ttl("1s"), std::chrono::seconds(1));
  EXPECT_EQ(ttl("12h"), std::chrono::hours(12));
  EXPECT_EQ(ttl("3650d"), std::chrono::days(3650));
  EXPECT_FALSE(ttl("never"));
}

TEST(ConfigText, RefusalsNameLineAndReason) {
  EXPECT_EQ(refusal("empty = skip\n\nfrequency = 7"), "line 3: no key 'frequency'");
  EXPECT_EQ(refusal("isolation = read"), "line 1: isolation is snapshot or serializable");
  EXPECT_EQ(refusal("empty = skip\nempty = record"), "line 2: 'empty' comes again");
  EXPECT_EQ(refusal("just words"), "line 1: no 'KEY = VALUE'");
  EXPECT_EQ(refusal("empty sales = skip"), "line 1: 'empty' takes no pattern");
  EXPECT_EQ(refusal("empty = sk\x01ip"), "line 1: a control character");
}

TEST(ConfigText, BadValuesOfEachKeyAreRefused) {
  for (const char* line : {"isolation = SNAPSHOT",
                           "group = hoodie",
                           "group = regex",
                           "group = regex ^a",
                           "group = regex (?<group>",
                           "group /a = path",
                           "group a/ = path",
                           "identical = yes",
                           "empty = 1",
                           "prefer_writer = true",
                           "ignore = a,,b",
                           "ignore = a/b",
                           "ignore = [z-a]",
                           "commit.open_wait_ms = -1",
                           "commit.open_wait_ms = 1s",
                           "commit.open_wait_ms = 600001",
                           "commit.open_wait_ms = 99999999999",
                           "= hudi",
                           "session_ttl = 1",
                           "session_ttl = s",
                           "session_ttl = 0s",
                           "session_ttl = -1h",
                           "session_ttl = 1.5h",
                           "session_ttl = 3654d",
                           "session_ttl = 99999999999999999999d",
                           "session_ttl = Never",
                           "keep_last = 0",
                           "keep_last = -1",
                           "keep_last = 5x",
                           "keep_last = 1000000000001",
                           "keep_for = never",
                           "keep_for = 7"}) {
    EXPECT_THAT(refusal(line), HasSubstr("line 1: ")) << line;
  }
}

TEST(ConfigText, TheRegexpsReasonIsGiven) {
  EXPECT_THAT(refusal("group = regex (?<group>a"), HasSubstr("missing )"));
  EXPECT_THAT(refusal("group = regex ^(.*)$"), HasSubstr("has no (?<group>"));
}

TEST(ConfigText, HasLimits) {
  EXPECT_ERRNO(ConfigText::parse(std::string(ConfigText::kMaxBytes + 1, '\n'),
                                 ConfigText::Repeated::refused),
               E2BIG);
  std::string many;
  for (int i = 0; i < 257; ++i)
    many += "group d" + std::to_string(i) + " = path\n";
  EXPECT_EQ(refusal(many), "line 257: more than 256 lines");
}

TEST(ConfigText, MergingMayNotPassTheLimitsEither) {
  ConfigText config;
  for (int i = 0; i < 257; ++i)
    config.merge(parse("group d" + std::to_string(i) + " = path"));
  EXPECT_ERRNO(config.values(), EINVAL);
}

TEST(ConfigText, OnlyWhatDecidesValidityIsAValidityChange) {
  const ConfigText before = parse("group = hudi\nempty = skip");
  EXPECT_EQ(before.validity_changes(parse("empty = record\ngroup = hudi")), "");
  EXPECT_EQ(before.validity_changes(parse("group = path")), "group = path");
  EXPECT_EQ(before.validity_changes(parse("isolation = serializable")),
            "isolation = serializable; group =");
}

}  // namespace
}  // namespace commitfs::testing
