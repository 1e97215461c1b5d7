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
  return may_access(directory, S_IWOTH | S_IXOTH, caller, groups);
}

constexpr Caller kOwner{.uid = 10, .gid = 1};
constexpr Caller kMember{.uid = 11, .gid = 20};
constexpr Caller kOther{.uid = 11, .gid = 21};

TEST(MayAccess, TakesAllThatIsWanted) {
  EXPECT_TRUE(allowed(0300, kOwner));
  EXPECT_FALSE(allowed(0200, kOwner));
  EXPECT_FALSE(allowed(0100, kOwner));
  EXPECT_TRUE(allowed(0030, kMember));
  EXPECT_FALSE(allowed(0020, kMember));
  EXPECT_TRUE(allowed(0003, kOther));
  EXPECT_FALSE(allowed(0002, kOther));
}

TEST(MayAccess, OfEachClassItsOwnBitsCountAlone) {
  EXPECT_FALSE(allowed(0077, kOwner));
  EXPECT_FALSE(allowed(0707, kMember));
  EXPECT_FALSE(allowed(0770, kOther));
}

TEST(MayAccess, ASupplementaryGroupIsAGroup) {
  EXPECT_TRUE(allowed(0030, kOther, {7, 20}));
  EXPECT_FALSE(allowed(0703, kOther, {7, 20}));
}

TEST(MayAccess, RootMayAlways) {
  EXPECT_TRUE(allowed(0, {.uid = 0, .gid = 99}));
}

}  // namespace
}  // namespace commitfs::fs
