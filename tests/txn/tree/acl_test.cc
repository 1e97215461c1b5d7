#include "txn/tree/acl.h"

#include <sys/stat.h>

#include <array>

#include "tests/support/result.h"

namespace commitfs::test {
namespace {

using acl::Entry;
using acl::List;
using acl::Tag;

/// The owner may all, user 7 may read and write, group 0 may read and search, all within `mask`.
List with_mask(mode_t mask) {
  return {Entry{Tag::user_object, 07, 0},  Entry{Tag::user, 06, 7},
          Entry{Tag::group_object, 05, 0}, Entry{Tag::group, 02, 9},
          Entry{Tag::mask, mask, 0},       Entry{Tag::other, 0, 0}};
}

List minimal(mode_t user, mode_t group, mode_t other) {
  return {Entry{Tag::user_object, user, 0}, Entry{Tag::group_object, group, 0},
          Entry{Tag::other, other, 0}};
}

bool grants(const List& list, mode_t wanted, uid_t uid, gid_t gid, std::vector<gid_t> more = {}) {
  return acl::grants(
      list, wanted, {.owner = 1, .group = 2, .uid = uid, .gid = gid, .supplementary_groups = more});
}

TEST(Acl, ParsesWhatItFormats) {
  EXPECT_EQ(must(acl::parse(acl::format(with_mask(06)))), with_mask(06));
}

TEST(Acl, RefusesWhatIsNoList) {
  for (const std::string& value :
       {std::string(), std::string("\2\0\0\0", 4), acl::format(with_mask(06)).substr(1),
        acl::format({Entry{Tag::user_object, 07, 0}}), std::string("\3\0\0\0", 4)}) {
    EXPECT_EQ(acl::parse(value).error().code, EINVAL);
  }
}

TEST(Acl, TheModeShowsTheMask) {
  EXPECT_EQ(acl::mode_of(with_mask(03)), 0730U);
  EXPECT_EQ(acl::mode_of(minimal(06, 04, 01)), 0641U);
}

TEST(Acl, OnlyNamedEntriesAndAMaskSayMoreThanAMode) {
  EXPECT_TRUE(acl::is_minimal(minimal(07, 0, 0)));
  EXPECT_FALSE(acl::is_minimal(with_mask(07)));
}

TEST(Acl, ChmodSetsTheMaskAndLeavesTheGroup) {
  List list = with_mask(07);
  acl::set_mode(list, 0640);
  EXPECT_EQ(acl::mode_of(list), 0640U);
  EXPECT_EQ(list[2].permissions, 05U);
}

TEST(Acl, ANewFileGetsWhatBothTheListAndTheModeAllow) {
  List list = with_mask(06);
  mode_t mode = S_IFREG | S_ISGID | 0656;
  acl::restrict(list, mode);
  EXPECT_EQ(mode, static_cast<mode_t>(S_IFREG | S_ISGID | 0640));
  EXPECT_EQ(acl::mode_of(list), 0640U);
}

TEST(Acl, TheOwnerIsAskedByTheirOwnEntryAlone) {
  EXPECT_TRUE(grants(minimal(06, 07, 07), 06, 1, 2));
  EXPECT_FALSE(grants(minimal(0, 07, 07), 04, 1, 2));
}

TEST(Acl, ANamedUserIsLimitedByTheMask) {
  EXPECT_TRUE(grants(with_mask(06), 06, 7, 5));
  EXPECT_FALSE(grants(with_mask(04), 02, 7, 5));
}

TEST(Acl, OneOfTheGroupsMustGrantAll) {
  EXPECT_TRUE(grants(with_mask(07), 04, 5, 2));
  EXPECT_TRUE(grants(with_mask(07), 02, 5, 9));
  EXPECT_FALSE(grants(with_mask(07), 06, 5, 2, {9}));
}

TEST(Acl, WhoeverIsInAGroupIsNotOneOfTheOthers) {
  EXPECT_FALSE(grants(minimal(07, 0, 07), 04, 5, 2));
  EXPECT_TRUE(grants(minimal(07, 0, 07), 04, 5, 3));
}

}  // namespace
}  // namespace commitfs::test
