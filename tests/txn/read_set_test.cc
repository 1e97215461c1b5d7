#include "txn/read_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <tuple>

#include "tests/support/result.h"

namespace commitfs::test {
namespace {

using Tracking = ReadSet::Tracking;
using Item = std::tuple<ReadKind, std::uint64_t, std::string>;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<Item> items(const ReadSet& set) {
  std::vector<Item> all;
  set.for_each([&](const ReadItem& item) {
    all.emplace_back(item.kind, raw(item.inode), std::string(item.name));
  });
  return all;
}

StagingBatch take(ReadSet& set) {
  StagingBatch batch;
  set.take_dirty(batch);
  return batch;
}

StagedRead absent(const char* name) {
  return {static_cast<std::uint8_t>(ReadKind::absent), InodeId::root, name};
}

TEST(ReadSet, HoldsEachThingOnceInTheOrderOfReading) {
  ReadSet set(Tracking::on);
  set.record(ReadKind::file, InodeId{7});
  set.record(ReadKind::directory, InodeId{7});
  set.record(ReadKind::xattr, InodeId{7}, "user.a");
  set.record(ReadKind::file, InodeId{7});
  set.record_absent(InodeId{7}, "user.a");
  set.record(ReadKind::xattr, InodeId{7}, "user.b");
  EXPECT_THAT(items(set),
              ElementsAre(Item(ReadKind::file, 7, ""), Item(ReadKind::directory, 7, ""),
                          Item(ReadKind::xattr, 7, "user.a"), Item(ReadKind::absent, 7, "user.a"),
                          Item(ReadKind::xattr, 7, "user.b")));
}

TEST(ReadSet, FindsEverythingAgainWhenItHasGrown) {
  constexpr std::uint64_t kMany = 100'000;
  ReadSet set(Tracking::on);
  for (int round = 0; round < 2; ++round) {
    for (std::uint64_t id = 1; id <= kMany; ++id) {
      set.record(ReadKind::file, InodeId{id});
      set.record_absent(InodeId{id % 10}, std::to_string(id));
    }
  }
  EXPECT_EQ(set.size(), 2 * kMany);
}

TEST(ReadSet, AnAbsenceThatWasPartOfMakingTheNameIsForgotten) {
  ReadSet set(Tracking::on);
  EXPECT_FALSE(set.record_absent(InodeId::root, "made"));
  set.forget_absence_of_made(InodeId::root, "made");
  set.forget_absence_of_made(InodeId::root, "unheard of");
  EXPECT_TRUE(set.empty());
}

TEST(ReadSet, AnAbsenceSeenBeforeTheNameWasMadeStays) {
  ReadSet set(Tracking::on);
  EXPECT_FALSE(set.record_absent(InodeId::root, "made"));
  EXPECT_TRUE(set.record_absent(InodeId::root, "made"));
  set.forget_absence_of_made(InodeId::root, "made");
  EXPECT_THAT(items(set), ElementsAre(Item(ReadKind::absent, 1, "made")));
}

TEST(ReadSet, AForgottenAbsenceCanBeSeenAgain) {
  ReadSet set(Tracking::on);
  set.record_absent(InodeId::root, "made");
  set.forget_absence_of_made(InodeId::root, "made");
  EXPECT_FALSE(set.record_absent(InodeId::root, "made"));
  EXPECT_THAT(items(set), SizeIs(1));
}

TEST(ReadSet, UndecidedItCanBeTrackedLater) {
  ReadSet set;
  set.record(ReadKind::file, InodeId{7});
  EXPECT_FALSE(set.dirty());
  ASSERT_OK(set.track());
  ASSERT_OK(set.track());
  EXPECT_EQ(set.tracking(), Tracking::on);
  EXPECT_THAT(take(set).reads, SizeIs(1));
}

TEST(ReadSet, UndecidedForTooLongItIsOffForGood) {
  ReadSet set;
  for (std::uint64_t id = 1; id <= ReadSet::kUndecidedMax; ++id) {
    set.record(ReadKind::file, InodeId{id});
  }
  EXPECT_EQ(set.tracking(), Tracking::undecided);
  set.record(ReadKind::file, InodeId{ReadSet::kUndecidedMax + 1});
  EXPECT_EQ(set.tracking(), Tracking::off);
  set.record(ReadKind::file, InodeId{7});
  EXPECT_TRUE(set.record_absent(InodeId::root, "x"));
  EXPECT_TRUE(set.empty());
  EXPECT_ERRNO(set.track(), EBUSY);
}

TEST(ReadSet, FullItSaysThatAnythingMayHaveBeenRead) {
  ReadSet set(Tracking::on, 2);
  for (std::uint64_t id = 1; id <= 4; ++id)
    set.record(ReadKind::file, InodeId{id});
  EXPECT_THAT(items(set), ElementsAre(Item(ReadKind::table, 0, "")));
  EXPECT_THAT(items(ReadSet::from_staged(take(set).reads, true)),
              ElementsAre(Item(ReadKind::table, 0, "")));
}

TEST(ReadSet, ComesBackFromItsJournal) {
  ReadSet set(Tracking::on);
  set.record(ReadKind::file, InodeId{7});
  set.record(ReadKind::directory, InodeId{8});
  set.record_absent(InodeId::root, "x");
  set.record(ReadKind::xattr, InodeId{7}, "user.a");
  ReadSet again = ReadSet::from_staged(take(set).reads, true);
  EXPECT_EQ(items(again), items(set));
  EXPECT_FALSE(again.dirty());
  EXPECT_EQ(again.tracking(), Tracking::on);
}

TEST(ReadSet, OfASnapshotSessionThatComesBackNothingIsKnown) {
  EXPECT_EQ(ReadSet::from_staged({}, false).tracking(), Tracking::off);
}

TEST(ReadSet, AReadOfAnUnknownKindMayBeAnything) {
  EXPECT_THAT(items(ReadSet::from_staged({{77, InodeId{7}, "x"}}, true)),
              ElementsAre(Item(ReadKind::table, 0, "")));
}

TEST(ReadSet, OnlyWhatChangedIsJournalled) {
  ReadSet set(Tracking::on);
  set.record_absent(InodeId::root, "stays");
  set.record_absent(InodeId::root, "goes");
  set.record_absent(InodeId::root, "came and went");
  set.forget_absence_of_made(InodeId::root, "came and went");
  StagingBatch batch = take(set);
  EXPECT_THAT(batch.reads, ElementsAre(absent("stays"), absent("goes")));
  EXPECT_THAT(batch.forget_reads, IsEmpty());
  EXPECT_FALSE(set.dirty());
  set.record_absent(InodeId::root, "stays");
  set.forget_absence_of_made(InodeId::root, "goes");
  batch = take(set);
  EXPECT_THAT(batch.reads, IsEmpty());
  EXPECT_THAT(batch.forget_reads, ElementsAre(absent("goes")));
}

TEST(ReadSet, ABatchThatCouldNotBeWrittenIsTakenAgain) {
  ReadSet set(Tracking::on);
  set.record_absent(InodeId::root, "stays");
  set.record_absent(InodeId::root, "goes");
  take(set);
  set.mark_dirty_again();
  set.forget_absence_of_made(InodeId::root, "goes");
  const StagingBatch batch = take(set);
  EXPECT_THAT(batch.reads, ElementsAre(absent("stays")));
  EXPECT_THAT(batch.forget_reads, ::testing::Each(absent("goes")));
  EXPECT_FALSE(batch.forget_reads.empty());
}

}  // namespace
}  // namespace commitfs::test
