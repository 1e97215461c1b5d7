#include "tools/text.h"

#include <gtest/gtest.h>

namespace commitfs {
namespace {

TEST(Text, CountsAreGroupedByThousands) {
  EXPECT_EQ(format_count(0), "0");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(1000), "1,000");
  EXPECT_EQ(format_count(12'345'678), "12,345,678");
  EXPECT_EQ(format_count(UINT64_MAX), "18,446,744,073,709,551,615");
}

TEST(Text, SizesHaveOneDecimalFromAKibibyteOn) {
  EXPECT_EQ(format_size(0), "0 bytes");
  EXPECT_EQ(format_size(1), "1 byte");
  EXPECT_EQ(format_size(1023), "1,023 bytes");
  EXPECT_EQ(format_size(1024), "1.0 KiB");
  EXPECT_EQ(format_size(1536), "1.5 KiB");
  EXPECT_EQ(format_size(1024 * 1024 - 1), "1.0 MiB");
  EXPECT_EQ(format_size(UINT64_MAX), "16.0 EiB");
}

TEST(Text, AgesAreInTheLargestUnitThatTellsTwo) {
  EXPECT_EQ(format_age(-5), "0 s");
  EXPECT_EQ(format_age(119), "119 s");
  EXPECT_EQ(format_age(120), "2 min");
  EXPECT_EQ(format_age(7200), "2 h");
  EXPECT_EQ(format_age(86'400 * 2), "2 days");
}

TEST(Text, AdoptionSaysWhatWasAdopted) {
  EXPECT_EQ(format_adoption({.files = 1234, .directories = 12, .others = 0, .bytes = 5'872'026}),
            "adopted 1,234 files (5.6 MiB) in 12 directories as version 1; none copied");
  EXPECT_EQ(
      format_adoption({.files = 1, .directories = 1, .others = 2, .bytes = 1}),
      "adopted 1 file (1 byte) and 2 of other kinds in 1 directory as version 1; none copied");
  EXPECT_EQ(format_adoption({.files = 2, .directories = 0, .others = 0, .bytes = 4}),
            "adopted 2 files (4 bytes) as version 1; none copied");
  EXPECT_EQ(format_adoption({}), "adopted an empty directory as version 1");
}

}  // namespace
}  // namespace commitfs
