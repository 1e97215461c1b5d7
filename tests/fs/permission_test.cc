#include "fs/permission.h"

#include <gtest/gtest.h>

#include <vector>

namespace commitfs::fs {
namespace {

bool allowed(mode_t mode, const Caller& caller, const std::vector<gid_t>& groups = {}) {
  struct stat directory{};
  directory.st_mode = S_IFDIR | mode;
  directory.st_uid = 10;
  directory.st_gid = 20;
  return may_change_names(directory, caller, groups);
}

constexpr Caller kOwner{.uid = 10, .gid = 1};
constexpr Caller kMember{.uid = 11, .gid = 20};
constexpr Caller kOther{.uid = 11, .gid = 21};

TEST(MayChangeNames, TakesWriteAndSearch) {
  EXPECT_TRUE(allowed(0300, kOwner));
  EXPECT_FALSE(allowed(0200, kOwner));
  EXPECT_FALSE(allowed(0100, kOwner));
  EXPECT_TRUE(allowed(0030, kMember));
  EXPECT_FALSE(allowed(0020, kMember));
  EXPECT_TRUE(allowed(0003, kOther));
  EXPECT_FALSE(allowed(0002, kOther));
}

TEST(MayChangeNames, OfEachClassItsOwnBitsCountAlone) {
  EXPECT_FALSE(allowed(0077, kOwner));
  EXPECT_FALSE(allowed(0707, kMember));
  EXPECT_FALSE(allowed(0770, kOther));
}

TEST(MayChangeNames, ASupplementaryGroupIsAGroup) {
  EXPECT_TRUE(allowed(0030, kOther, {7, 20}));
  EXPECT_FALSE(allowed(0703, kOther, {7, 20}));
}

TEST(MayChangeNames, RootMayAlways) {
  EXPECT_TRUE(allowed(0, {.uid = 0, .gid = 99}));
}

}  // namespace
}  // namespace commitfs::fs
