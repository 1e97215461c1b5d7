#include "txn/past/expiry.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <atomic>
#include <cerrno>
#include <future>

#include "meta/base/fault.h"
#include "meta/memory_catalog.h"
#include "tests/support/result.h"
#include "tests/support/temporary_directory.h"
#include "txn/config/config_store.h"
#include "txn/tags.h"
#include "txn/tree_operations.h"

namespace commitfs::past {
namespace {

using test::must;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Caller kMaker{.uid = 0, .gid = 0, .pid = 1, .umask = 022};
constexpr TimeNs kDay_ns = TimeNs{86'400} * 1'000'000'000;

/// A day goes by with each version. Thread-safe.
class DayClock final : public Clock {
 public:
  TimeNs now_ns() const override { return now_ns_; }
  void next_day() { now_ns_ += kDay_ns; }

 private:
  std::atomic<TimeNs> now_ns_{kDay_ns};
};

/// A table in which version N, from 2 on, made the file "fN" and wrote "same" anew.
class ExpiryTest : public ::testing::Test {
 protected:
  ExpiryTest() {
    context_.catalog = make_memory_catalog();
    context_.store = std::make_shared<ObjectStore>(must(ObjectStore::open(directory_ / "objects")));
    context_.ids = std::make_shared<IdSource>(context_.catalog);
    context_.clock = &clock_;
    auto transaction = must(context_.catalog->begin());
    InodeRecord root;
    root.id = InodeId::root;
    root.mode = S_IFDIR | 0755;
    root.nlink = 2;
    must(transaction->put_inode(SeqNo{1}, root));
    must(transaction->add_version(
        {.seq_no = SeqNo{1}, .operation = "adopt", .time_ns = clock_.now_ns()}, {}));
    const Term term = must(transaction->raise_term());
    must(transaction->commit());
    context_.config = must(ConfigStore::open(context_.catalog, term, clock_));
    manager_ =
        std::make_unique<SessionManager>(context_, term, make_memory_staging(), CommitOptions{});
    expiry_ = std::make_unique<Expiry>(context_, *manager_);
  }
  ~ExpiryTest() override {
    fault::set_handler({});
    expiry_.reset();
    manager_.reset();
  }

  void make_versions(std::uint64_t up_to) {
    for (std::uint64_t number = versions().back() + 1; number <= up_to; ++number) {
      clock_.next_day();
      const auto session = must(manager_->begin("s", kMaker));
      write(*session, "f" + std::to_string(number));
      if (session->lookup(InodeId::root, "same"))
        must(tree::unlink(*session, InodeId::root, "same"));
      write(*session, "same");
      commit("s");
    }
  }
  void write(Session& session, const std::string& name) {
    const auto made = must(tree::create(session, kMaker, InodeId::root, name, 0644, true));
    tree::release_writer(session, made.attributes.inode.id);
  }
  void commit(const std::string& name) {
    std::promise<int> answer;
    manager_->commit(name, name, kMaker,
                     [&](const CommitOutcome& outcome) { answer.set_value(outcome.error); });
    ASSERT_EQ(answer.get_future().get(), 0);
  }
  std::vector<std::uint64_t> versions() {
    std::vector<std::uint64_t> numbers;
    for (const VersionRecord& version : must(context_.catalog->list_versions(SeqNo::none, 1000)))
      numbers.insert(numbers.begin(), raw(version.seq_no));
    return numbers;
  }
  std::vector<std::uint64_t> plan(const Retention& retention) {
    std::vector<std::uint64_t> numbers;
    for (const SeqNo version : must(plan_expiry(*context_.catalog, retention, clock_.now_ns())))
      numbers.push_back(raw(version));
    return numbers;
  }
  /// Every file of every version that is there can be opened.
  void expect_whole() {
    for (const std::uint64_t number : versions()) {
      const auto tree = make_snapshot_tree(context_.catalog, SeqNo{number});
      const auto entries = must(tree->list(InodeId::root, "", 1000));
      EXPECT_EQ(entries.size(), number == 1 ? 0 : number);
      for (const auto& entry : entries)
        EXPECT_OK(context_.store->stat(entry.attributes.inode.object)) << number << entry.name;
    }
  }

  test::TemporaryDirectory directory_;
  DayClock clock_;
  TableContext context_;
  std::unique_ptr<SessionManager> manager_;
  std::unique_ptr<Expiry> expiry_;
};

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

}  // namespace
}  // namespace commitfs::past
