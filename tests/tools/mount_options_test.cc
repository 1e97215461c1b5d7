#include "tools/mount_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace commitfs {
namespace {

using ::testing::HasSubstr;

/// The sentence that refuses the list; empty when it is accepted.
std::string refusal(const std::string& list) {
  const auto settings = parse_mount_options({list}, {});
  return settings ? "" : settings.error().context;
}

TEST(MountOptions, AreCommaSeparatedAndMayBeRepeated) {
  const auto settings = parse_mount_options({"no_passthrough,threads=3", "open_wait_ms=20"}, {});
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->mount.passthrough, PassthroughMode::off);
  EXPECT_EQ(settings->mount.threads, 3U);
  EXPECT_EQ(settings->commit.open_wait, std::chrono::milliseconds(20));
  EXPECT_FALSE(settings->mount.debug);
}

TEST(MountOptions, OfTwoThatContradictTheLaterHolds) {
  EXPECT_FALSE(parse_mount_options({"allow_other,no_allow_other"}, {})->mount.allow_other);
  EXPECT_TRUE(parse_mount_options({"no_allow_other", "allow_other"}, {})->mount.allow_other);
}

TEST(MountOptions, NoneLeavesTheDefaults) {
  MountSettings defaults;
  defaults.mount.allow_other = true;
  EXPECT_TRUE(parse_mount_options({}, defaults)->mount.allow_other);
  EXPECT_TRUE(parse_mount_options({"", ",,"}, defaults)->mount.allow_other);
}

TEST(MountOptions, UnknownOnesAreRefusedWithTheKnown) {
  const std::string known =
      "known are no_passthrough, threads=N, allow_other, no_allow_other, open_wait_ms=N, debug";
  EXPECT_EQ(refusal("noatime"), "no mount option \"noatime\"; " + known);
  EXPECT_THAT(refusal("threads=2,THREADS=3"), HasSubstr("\"THREADS\""));
}

TEST(MountOptions, BadValuesAreRefused) {
  const std::string wanted = "-o threads wants a number from 0 to 64, not ";
  EXPECT_EQ(refusal("threads"), wanted + "\"\"");
  EXPECT_EQ(refusal("threads="), wanted + "\"\"");
  EXPECT_EQ(refusal("threads=-1"), wanted + "\"-1\"");
  EXPECT_EQ(refusal("threads=65"), wanted + "\"65\"");
  EXPECT_EQ(refusal("threads=4x"), wanted + "\"4x\"");
  EXPECT_EQ(refusal("threads=99999999999999999999"), wanted + "\"99999999999999999999\"");
  EXPECT_EQ(refusal("debug=1"), "-o debug takes no value");
}

TEST(MountOptions, HelpNamesEach) {
  EXPECT_THAT(describe_mount_options(), HasSubstr("open_wait_ms=N"));
}

}  // namespace
}  // namespace commitfs
