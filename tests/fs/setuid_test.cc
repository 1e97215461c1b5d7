#include "fs/setuid.h"

#include <gtest/gtest.h>

namespace commitfs::fs {
namespace {

TEST(WithoutSetuid, SetuidGoes) {
  EXPECT_EQ(without_setuid(S_IFREG | 04755), mode_t{S_IFREG | 0755});
}

TEST(WithoutSetuid, SetgidOfAProgramGoes) {
  EXPECT_EQ(without_setuid(S_IFREG | 02755), mode_t{S_IFREG | 0755});
}

TEST(WithoutSetuid, SetgidOfWhatTheGroupCannotRunStays) {
  EXPECT_EQ(without_setuid(S_IFREG | 02745), mode_t{S_IFREG | 02745});
}

TEST(WithoutSetuid, OtherBitsStay) {
  EXPECT_EQ(without_setuid(S_IFREG | 01777), mode_t{S_IFREG | 01777});
}

}  // namespace
}  // namespace commitfs::fs
