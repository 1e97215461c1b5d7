#include <cerrno>
#include <chrono>
#include <thread>

#include "tests/txn/past/expiry_fixture.h"
#include "txn/past/difference.h"
#include "txn/past/revert.h"
#include "txn/tags.h"
#include "txn/version_name.h"

namespace commitfs::past {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_F(ExpiryTest, PlansByNumberByAgeAndByBoth) {
  make_versions(6);
  EXPECT_THAT(plan({}), IsEmpty());
  EXPECT_THAT(plan({.keep_last = 2}), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(plan({.keep_last = 100}), IsEmpty());
  // Version 5 was the newest until today, 4 until yesterday.
  EXPECT_THAT(plan({.keep_for = std::chrono::days(1)}), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(plan({.keep_for = std::chrono::seconds(0)}), ElementsAre(1, 2, 3, 4, 5));
  EXPECT_THAT(plan({.keep_last = 4, .keep_for = std::chrono::days(1)}), ElementsAre(1, 2));
  EXPECT_THAT(plan({.keep_last = 1, .keep_for = std::chrono::days(3)}), ElementsAre(1, 2));
}

TEST_F(ExpiryTest, TakesVersionsAndWhatOnlyTheyHad) {
  make_versions(6);
  const ExpirySummary summary = must(expiry_->expire(Retention{.keep_last = 2}));
  EXPECT_THAT(summary.expired, ElementsAre(SeqNo{1}, SeqNo{2}, SeqNo{3}, SeqNo{4}));
  EXPECT_EQ(summary.bodies, 3U);  // "same" of versions 2 to 4
  EXPECT_THAT(versions(), ElementsAre(5, 6));
  expect_whole();
  EXPECT_EQ(must(expiry_->expire(Retention{.keep_last = 2})).bodies, 0U);
}

TEST_F(ExpiryTest, TheHeadCannotGo) {
  make_versions(3);
  EXPECT_ERRNO(expiry_->expire(SeqNo{3}), EBUSY);
  EXPECT_ERRNO(expiry_->expire(SeqNo{4}), ENOENT);
  EXPECT_THAT(versions(), ElementsAre(1, 2, 3));
}

TEST_F(ExpiryTest, OneVersionGoesFromTheMiddle) {
  make_versions(4);
  EXPECT_OK(expiry_->expire(SeqNo{3}));
  must(expiry_->collect());
  EXPECT_THAT(versions(), ElementsAre(1, 2, 4));
  expect_whole();
}

TEST_F(ExpiryTest, StopsBeforeTags) {
  make_versions(5);
  must(Tags(context_).add("good", "3", kMaker));
  EXPECT_ERRNO(expiry_->expire(SeqNo{3}), EBUSY);
  EXPECT_THAT(must(expiry_->expire(Retention{.keep_last = 1})).expired,
              ElementsAre(SeqNo{1}, SeqNo{2}, SeqNo{4}));
  expect_whole();
}

TEST_F(ExpiryTest, StopsBeforeTheBaseOfAnOpenSession) {
  make_versions(5);
  const auto session = must(manager_->begin("old@2", kMaker));
  EXPECT_ERRNO(expiry_->expire(SeqNo{2}), EBUSY);
  const ExpirySummary summary = must(expiry_->expire(Retention{.keep_last = 1}));
  EXPECT_THAT(summary.in_use, ElementsAre(SeqNo{2}));
  EXPECT_THAT(versions(), ElementsAre(2, 5));
  expect_whole();
  must(manager_->discard("old@2", kMaker));
  EXPECT_OK(expiry_->expire(SeqNo{2}));
}

TEST_F(ExpiryTest, StopsBeforeWhatARestoreGoesBackTo) {
  make_versions(5);
  const auto session = must(manager_->begin_restore("2", SeqNo{2}, kMaker));
  must(expiry_->expire(Retention{.keep_last = 1}));
  EXPECT_THAT(versions(), ElementsAre(2, 5));
  commit("2");
  EXPECT_OK(expiry_->expire(SeqNo{2}));
  must(expiry_->collect());
  const auto tree = make_snapshot_tree(context_.catalog, SeqNo{6});
  for (const auto& entry : must(tree->list(InodeId::root, "", 1000)))
    EXPECT_OK(context_.store->stat(entry.attributes.inode.object)) << entry.name;
}

TEST_F(ExpiryTest, StopsBeforeWhatARevertBringsBackAndASecondRevertChangesNothing) {
  make_versions(6);
  const auto session = must(manager_->begin("r", kMaker));
  EXPECT_OK(revert_version(*manager_, *session, SeqNo{6}));
  EXPECT_ERRNO(revert_version(*manager_, *session, SeqNo{4}), EBUSY);
  EXPECT_ERRNO(expiry_->expire(SeqNo{5}), EBUSY);
  commit("r");
  EXPECT_OK(expiry_->expire(SeqNo{5}));
}

TEST_F(ExpiryTest, WhoReadsAVersionThatIsGoneIsToldSo) {
  make_versions(4);
  const auto tree = make_snapshot_tree(context_.catalog, SeqNo{2});
  EXPECT_OK(tree->list(InodeId::root, "", 10));
  must(expiry_->expire(Retention{.keep_last = 1}));
  EXPECT_ERRNO(tree->list(InodeId::root, "", 10), ESTALE);
  EXPECT_ERRNO(tree->lookup(InodeId::root, "none"), ESTALE);
  EXPECT_ERRNO(tree->xattr_names(InodeId::root), ESTALE);
  EXPECT_ERRNO(compare_versions(*context_.catalog, SeqNo{2}, SeqNo{4}), ESTALE);
}

TEST_F(ExpiryTest, ATimeOfAVersionThatIsGoneNamesNone) {
  make_versions(6);
  must(Tags(context_).add("good", "2", kMaker));
  must(expiry_->expire(Retention{.keep_last = 1}));
  const auto at = [&](int day) {
    return must(resolve_version(*context_.catalog, format_time(day * kDay_ns)));
  };
  EXPECT_EQ(at(2), SeqNo{2});
  EXPECT_EQ(at(4), std::nullopt);
  EXPECT_EQ(at(6), SeqNo{6});
}

TEST_F(ExpiryTest, StopsBeforeWhoReads) {
  make_versions(3);
  expiry_->set_use_probe([](SeqNo version) { return version == SeqNo{2}; });
  EXPECT_ERRNO(expiry_->expire(SeqNo{2}), EBUSY);
  EXPECT_THAT(must(expiry_->expire(Retention{.keep_last = 1})).in_use, ElementsAre(SeqNo{2}));
  EXPECT_THAT(versions(), ElementsAre(2, 3));
}

TEST_F(ExpiryTest, ReceiptsOfGoneVersionsGo) {
  make_versions(3);
  std::set<SeqNo> told;
  expiry_->set_listener([&](const std::set<SeqNo>& gone) { told = gone; });
  const auto session = must(manager_->begin("t", kMaker));
  write(*session, "t");
  commit("t");
  ASSERT_NE(must(manager_->receipt("s")), nullptr);
  must(expiry_->expire(Retention{.keep_last = 1}));
  EXPECT_EQ(must(manager_->receipt("s")), nullptr);
  EXPECT_NE(must(manager_->receipt("t")), nullptr);
  EXPECT_THAT(told, ElementsAre(SeqNo{1}, SeqNo{2}, SeqNo{3}));
}

TEST_F(ExpiryTest, FollowsTheConfigurationByItself) {
  make_versions(5);
  must(context_.config->replace("keep_last = 2", {}));
  std::promise<void> done;
  expiry_->set_listener([&](const std::set<SeqNo>& gone) {
    if (gone.contains(SeqNo{3})) done.set_value();
  });
  expiry_->start();
  EXPECT_OK(expiry_->expire(SeqNo{1}));  // wakes it
  ASSERT_EQ(done.get_future().wait_for(std::chrono::seconds(50)), std::future_status::ready);
  EXPECT_THAT(versions(), ElementsAre(4, 5));
  expiry_->set_listener({});
}

TEST_F(ExpiryTest, WhatACrashLeavesGoesWithTheNext) {
  for (const char* point : {"expiry.removed", "expiry.pruned", "expiry.forgotten"}) {
    SCOPED_TRACE(point);
    make_versions(versions().back() + 2);
    fault::set_handler([&](std::string_view name) -> Result<void> {
      if (name == point) return fail(EIO, "crashed");
      return {};
    });
    EXPECT_FALSE(expiry_->expire(Retention{.keep_last = 2}));
    fault::set_handler({});
    must(expiry_->collect());
    EXPECT_THAT(must(context_.catalog->list_unnamed_objects(10)), IsEmpty());
    for (const std::uint64_t number : versions()) {
      const auto tree = make_snapshot_tree(context_.catalog, SeqNo{number});
      for (const auto& entry : must(tree->list(InodeId::root, "", 1000)))
        EXPECT_OK(context_.store->stat(entry.attributes.inode.object)) << entry.name;
    }
  }
}

TEST_F(ExpiryTest, WhatACrashLeavesIsCollectedByTheNextMount) {
  make_versions(4);
  fault::set_handler([](std::string_view name) -> Result<void> {
    if (name == "expiry.removed") return fail(EIO, "crashed");
    return {};
  });
  EXPECT_FALSE(expiry_->expire(Retention{.keep_last = 1}));
  fault::set_handler({});
  const auto in_history = must(context_.catalog->find_config("expiry.pending"));
  EXPECT_NE(in_history.value_or(""), "");
  expiry_ = std::make_unique<Expiry>(context_, *manager_);
  expiry_->start();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(50);
  while (must(context_.catalog->find_config("expiry.pending")) != "" &&
         std::chrono::steady_clock::now() < deadline)
    std::this_thread::yield();
  EXPECT_EQ(must(context_.catalog->find_config("expiry.pending")), "");
  EXPECT_THAT(must(context_.catalog->list_unnamed_objects(10)), IsEmpty());
  expect_whole();
}

}  // namespace
}  // namespace commitfs::past
