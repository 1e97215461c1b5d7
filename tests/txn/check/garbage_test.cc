#include "txn/check/garbage.h"

#include <gmock/gmock.h>

#include "tests/txn/check/checked_table.h"

namespace commitfs::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Garbage : public CheckedTable {
 protected:
  Result<GarbageSummary> collect(GarbageOptions options) {
    visited_.clear();
    return collect_garbage(path(), options,
                           [&](ObjectId body, std::uint64_t) { visited_.push_back(body); });
  }
  Result<GarbageSummary> collect_all() { return collect({.min_age = std::chrono::seconds(0)}); }

  std::vector<ObjectId> visited_;
};

TEST_F(Garbage, WhatVersionsThePastAndOpenSessionsNameStays) {
  EXPECT_EQ(must(collect_all()).bodies, 0U);
  EXPECT_THAT(visited_, IsEmpty());
  const auto table = must(Table::open(path()));
  const auto first = make_snapshot_tree(table->context().catalog, SeqNo{1});
  EXPECT_EQ(brief(*first, *table->context().store),
            "a=adopted d/ d/b=adopted too kept=never changed");
  EXPECT_EQ(Shell(table->sessions().find("open")).brief(),
            "a=adopted and changed d/ d/new=made by one d/newer=made by two e/ kept=never changed "
            "staged=not committed");
}

TEST_F(Garbage, WhatNothingNamesGoesInEveryShard) {
  const ObjectId near = add_orphan(ObjectId{raw(staged_body()) + 1});
  const ObjectId far = add_orphan(ObjectId{1'000'000'000});
  EXPECT_EQ(must(collect_all()).bodies, 2U);
  EXPECT_THAT(visited_, ElementsAre(near, far));
  EXPECT_FALSE(std::filesystem::exists(body(near)));
  EXPECT_FALSE(std::filesystem::exists(body(far)));
}

TEST_F(Garbage, ADryRunRemovesNothing) {
  const ObjectId orphan = add_orphan(ObjectId{1'000'000'000});
  EXPECT_EQ(must(collect({.dry_run = true, .min_age = std::chrono::seconds(0)})).bodies, 1U);
  EXPECT_THAT(visited_, ElementsAre(orphan));
  EXPECT_TRUE(std::filesystem::exists(body(orphan)));
}

TEST_F(Garbage, WhatIsYoungerThanTheGuardStays) {
  const ObjectId orphan = add_orphan(ObjectId{1'000'000'000});
  const GarbageSummary summary = must(collect({.min_age = std::chrono::hours(1)}));
  EXPECT_EQ(summary.bodies, 0U);
  EXPECT_EQ(summary.kept_young, 1U);
  EXPECT_TRUE(std::filesystem::exists(body(orphan)));
}

TEST_F(Garbage, AMountedTableIsRefused) {
  add_orphan(ObjectId{1'000'000'000});
  const auto table = must(Table::open(path()));
  const auto refused = collect_all();
  ASSERT_ERRNO(refused, EBUSY);
  EXPECT_THAT(refused.error().context, HasSubstr("is mounted"));
  EXPECT_THAT(visited_, IsEmpty());
}

TEST_F(Garbage, AnUnfinishedAdoptionIsRefused) {
  change(catalog(), "DELETE FROM version");
  EXPECT_ERRNO(collect_all(), EPROTO);
  EXPECT_THAT(visited_, IsEmpty());
}

TEST_F(Garbage, ASessionThatCannotBeOpenedKeepsItsBodies) {
  const ObjectId staged = staged_body();
  change(staging(), "UPDATE session SET base = 77");
  EXPECT_EQ(must(collect_all()).bodies, 0U);
  EXPECT_TRUE(std::filesystem::exists(body(staged)));
}

TEST_F(Garbage, ABodyThatIsNotListedButNamedStays) {
  change(catalog(), "DELETE FROM object");
  EXPECT_EQ(must(collect_all()).bodies, 0U);
}

TEST_F(Garbage, FilesOfOthersInTheStoreStay) {
  const auto stranger = body(committed_body()).parent_path() / "README";
  std::ofstream(stranger) << "not ours";
  const GarbageSummary summary = must(collect_all());
  EXPECT_EQ(summary.bodies, 0U);
  EXPECT_EQ(summary.strangers, 1U);
  EXPECT_TRUE(std::filesystem::exists(stranger));
}

}  // namespace
}  // namespace commitfs::test
