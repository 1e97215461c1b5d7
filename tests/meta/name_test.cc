#include "meta/name.h"

#include "tests/support/result.h"

namespace commitfs::test {
namespace {

TEST(NameTest, AnyBytesButSlashAndNulAreAName) {
  EXPECT_OK(valid_name("a"));
  EXPECT_OK(valid_name("..."));
  EXPECT_OK(valid_name(".a"));
  EXPECT_OK(valid_name("\n\xFF\\ "));
  EXPECT_OK(valid_name(std::string(255, 'x')));
}

TEST(NameTest, OverlongIsEnametoolong) {
  EXPECT_ERRNO(valid_name(std::string(256, 'x')), ENAMETOOLONG);
  EXPECT_ERRNO(valid_name(std::string(256, '/')), ENAMETOOLONG);
}

TEST(NameTest, WhatCannotStandInADirectoryIsEinval) {
  EXPECT_ERRNO(valid_name(""), EINVAL);
  EXPECT_ERRNO(valid_name("."), EINVAL);
  EXPECT_ERRNO(valid_name(".."), EINVAL);
  EXPECT_ERRNO(valid_name("a/b"), EINVAL);
  EXPECT_ERRNO(valid_name(std::string_view("a\0b", 3)), EINVAL);
}

}  // namespace
}  // namespace commitfs::test
