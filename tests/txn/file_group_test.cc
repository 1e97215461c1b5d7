#include "txn/file_group.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "tests/support/result.h"

namespace commitfs::testing {
namespace {

using ::commitfs::test::must;
using Group = std::optional<std::string>;

Group group(std::string_view rule, std::string_view name) {
  return must(GroupRule::parse(rule)).group_of(name);
}

TEST(GroupRule, PathPutsNoTwoNamesTogether) {
  EXPECT_EQ(group("path", "f1_t1_001.parquet"), std::nullopt);
}

TEST(GroupRule, PartitionPutsAllTogether) {
  EXPECT_EQ(group("partition", "a"), Group(""));
  EXPECT_EQ(group("partition", "b"), Group(""));
}

TEST(GroupRule, HudiKnowsBaseFiles) {
  EXPECT_EQ(group("hudi", "f1_t1_001.parquet"), Group("f1"));
  EXPECT_EQ(
      group("hudi", "8a4f63b5-2d3c-4c1d-8f0e-0242ac120002-0_1-17-23_20240101120000123.parquet"),
      Group("8a4f63b5-2d3c-4c1d-8f0e-0242ac120002-0"));
}

TEST(GroupRule, HudiKnowsLogFiles) {
  EXPECT_EQ(group("hudi", ".f1_001.log.1_0-1-2"), Group("f1"));
  EXPECT_EQ(group("hudi", ".8a4f-0_20240101120000123.log.12_1-0-1.cdc"), Group("8a4f-0"));
  EXPECT_EQ(group("hudi", ".f1_001.log.2"), Group("f1"));
}

TEST(GroupRule, HudiLeavesOtherNamesAlone) {
  for (const char* name : {"f1.parquet", "f1_t1.parquet", "f1_t1_001", ".f1_t1_001.parquet.crc",
                           "_SUCCESS", ".hoodie_partition_metadata", "__1.parquet", ""}) {
    EXPECT_EQ(group("hudi", name), std::nullopt) << name;
  }
}

TEST(GroupRule, RegexTakesItsGroupInEitherSpelling) {
  EXPECT_EQ(group("regex ^(?<group>[^_]+)_", "f1_a"), Group("f1"));
  EXPECT_EQ(group("regex ^(?P<group>[^_]+)_", "f1_a"), Group("f1"));
  EXPECT_EQ(group("regex ([a-z])-(?<group>[0-9]+)", "x-17.csv"), Group("17"));
  EXPECT_EQ(group(R"(regex [(?<]*\(?(?<group>a))", "(?<(a"), Group("a"));
}

TEST(GroupRule, RegexMatchesBytes) {
  EXPECT_EQ(group("regex ^(?<group>..)_", "\xff\xfe_1"), Group("\xff\xfe"));
}

TEST(GroupRule, NamesARegexDoesNotTakeAreGroupsOfTheirOwn) {
  EXPECT_EQ(group("regex ^(?<group>[a-z]+)-", "17"), std::nullopt);
  EXPECT_EQ(group("regex ^(?<group>[a-z]*)-", "-17"), std::nullopt);
  EXPECT_EQ(group("regex (?<group>a)|b", "b"), std::nullopt);
}

TEST(GroupRule, WhatMakesNoSenseIsRefused) {
  for (const char* rule : {"", "paths", "hudi 2", "regex", "regex ", "regexp a", "regex (a)",
                           "regex (?<group>a", "regex (?<name>a)", "regex (?<group>a)(?<group>b)",
                           "regex (?<=a)(?<group>b)", "regex (?<group>(a{1000}){1000})"}) {
    EXPECT_ERRNO(GroupRule::parse(rule), EINVAL) << rule;
  }
}

class Rules : public ::testing::Test {
 protected:
  void add(std::string_view pattern, std::string_view rule) {
    rules.add(must(Glob::for_directories(pattern)), must(GroupRule::parse(rule)));
  }
  GroupRules rules;
};

TEST_F(Rules, AreAllPathUntilOneIsNot) {
  EXPECT_TRUE(rules.all_path());
  add("a", "path");
  EXPECT_TRUE(rules.all_path());
  add("b", "hudi");
  EXPECT_FALSE(rules.all_path());
}

TEST_F(Rules, TheFirstPatternThatMatchesDecides) {
  add("a/b", "path");
  add("a", "partition");
  rules.set_default(must(GroupRule::parse("hudi")));
  EXPECT_TRUE(rules.rule_for("a/b/c").is_path());
  EXPECT_EQ(rules.rule_for("a/c").group_of("x"), Group(""));
  EXPECT_EQ(rules.rule_for("").group_of("f_t_1.p"), Group("f"));
}

TEST_F(Rules, TheTextOfAGroupIsDirectoryAndName) {
  rules.set_default(must(GroupRule::parse("hudi")));
  add("whole", "partition");
  EXPECT_EQ(rules.text_of("d/e", "f1_t1_1.p"), "d/e/f1");
  EXPECT_EQ(rules.text_of("", "f1_t1_1.p"), "f1");
  EXPECT_EQ(rules.text_of("d", "readme"), "d/readme");
  EXPECT_EQ(rules.text_of("whole/part", "x"), "whole/part");
}

TEST(GroupKeys, NoFileNameIsAKey) {
  EXPECT_TRUE(group_changes_key(InodeId{7}, "f1").group.starts_with('/'));
  EXPECT_NE(group_changes_key(InodeId{7}, "f1"), group_deletes_key(InodeId{7}, "f1"));
}

}  // namespace
}  // namespace commitfs::testing
