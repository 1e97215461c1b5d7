#include "txn/config/glob.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "tests/support/result.h"

namespace commitfs::testing {
namespace {

using ::commitfs::test::must;

bool name_matches(std::string_view pattern, std::string_view name) {
  return must(Glob::for_names(pattern)).matches(name);
}
bool directory_matches(std::string_view pattern, std::string_view path) {
  return must(Glob::for_directories(pattern)).matches(path);
}

TEST(Glob, MatchesWholeNames) {
  EXPECT_TRUE(name_matches("_SUCCESS", "_SUCCESS"));
  EXPECT_FALSE(name_matches("_SUCCESS", "a_SUCCESS"));
  EXPECT_FALSE(name_matches("_SUCCESS", "_SUCCESSOR"));
}

TEST(Glob, StarAndQuestionMark) {
  EXPECT_TRUE(name_matches(".*.crc", ".part.crc"));
  EXPECT_TRUE(name_matches("*", ""));
  EXPECT_TRUE(name_matches("a?c", "abc"));
  EXPECT_FALSE(name_matches("a?c", "ac"));
  EXPECT_TRUE(name_matches("*.csv", "a\nb.csv"));
  EXPECT_TRUE(name_matches("?", "\xff"));
}

TEST(Glob, Classes) {
  EXPECT_TRUE(name_matches("[a-c]1", "b1"));
  EXPECT_FALSE(name_matches("[a-c]1", "d1"));
  EXPECT_TRUE(name_matches("[!a-c]1", "d1"));
  EXPECT_TRUE(name_matches("[]x]", "]"));
  EXPECT_TRUE(name_matches("[a-]", "-"));
  EXPECT_TRUE(name_matches("[^a]", "b"));
  EXPECT_TRUE(name_matches("a[b", "a[b"));
}

TEST(Glob, CharactersOfExpressionsAreThemselves) {
  EXPECT_TRUE(name_matches("a.b+(c)|$", "a.b+(c)|$"));
  EXPECT_FALSE(name_matches("a.b", "axb"));
  EXPECT_TRUE(name_matches("\\*", "*"));
  EXPECT_FALSE(name_matches("\\*", "a"));
}

TEST(Glob, ManyStarsCostNoMore) {
  const std::string pattern = "*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b";
  EXPECT_FALSE(name_matches(pattern, std::string(255, 'a')));
}

TEST(Glob, ADirectoryPatternTakesWhatIsBelowToo) {
  EXPECT_TRUE(directory_matches("sales", "sales"));
  EXPECT_TRUE(directory_matches("sales", "sales/region=eu/day=1"));
  EXPECT_FALSE(directory_matches("sales", "sales2"));
  EXPECT_FALSE(directory_matches("sales", "old/sales"));
  EXPECT_FALSE(directory_matches("sales", ""));
}

TEST(Glob, InDirectoryPatternsAStarStaysInOneComponent) {
  EXPECT_TRUE(directory_matches("*/raw", "a/raw"));
  EXPECT_FALSE(directory_matches("*/raw", "a/b/raw"));
  EXPECT_FALSE(directory_matches("a?raw", "a/raw"));
  EXPECT_FALSE(directory_matches("a[!b]raw", "a/raw"));
}

TEST(Glob, ADotIsTheRootAlone) {
  EXPECT_TRUE(directory_matches(".", ""));
  EXPECT_FALSE(directory_matches(".", "a"));
  EXPECT_FALSE(directory_matches("*", ""));
  EXPECT_TRUE(directory_matches("*", "a/b"));
}

TEST(Glob, WhatMakesNoSenseIsRefused) {
  EXPECT_ERRNO(Glob::for_names(""), EINVAL);
  EXPECT_ERRNO(Glob::for_names("[z-a]"), EINVAL);
  EXPECT_ERRNO(Glob::for_names(std::string(Glob::kMaxBytes + 1, 'a')), EINVAL);
  EXPECT_ERRNO(Glob::for_directories("/a"), EINVAL);
  EXPECT_ERRNO(Glob::for_directories("a/"), EINVAL);
}

}  // namespace
}  // namespace commitfs::testing
