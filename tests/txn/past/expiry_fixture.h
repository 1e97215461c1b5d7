#pragma once

#include <gmock/gmock.h>

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "meta/base/fault.h"
#include "meta/memory_catalog.h"
#include "tests/support/first_version.h"
#include "tests/support/result.h"
#include "tests/support/temporary_directory.h"
#include "txn/config/config_store.h"
#include "txn/past/expiry.h"
#include "txn/tree_operations.h"

namespace commitfs::past {

using test::must;

inline constexpr Caller kMaker{.uid = 0, .gid = 0, .pid = 1, .umask = 022};
inline constexpr TimeNs kDay_ns = TimeNs{86'400} * 1'000'000'000;

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
    test::make_first_version(*context_.catalog, clock_.now_ns());
    const Term term = test::raise_term(*context_.catalog);
    context_.config = must(ConfigStore::open(context_.catalog, term, clock_));
    start(term);
  }
  ~ExpiryTest() override {
    fault::set_handler({});
    stop();
  }

  void start(Term term) {
    manager_ = std::make_unique<SessionManager>(context_, term, staging_, CommitOptions{});
    expiry_ = std::make_unique<Expiry>(context_, *manager_);
  }
  void stop() {
    expiry_.reset();
    manager_.reset();
  }
  /// The mount ends, and another finds its sessions. Answers how many.
  std::size_t remount() {
    stop();
    start(test::raise_term(*context_.catalog));
    return must(manager_->recover());
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
  CommitOutcome try_commit(const std::string& name) {
    std::promise<CommitOutcome> answer;
    manager_->commit(name, name, kMaker,
                     [&](const CommitOutcome& outcome) { answer.set_value(outcome); });
    return answer.get_future().get();
  }
  void commit(const std::string& name) { ASSERT_EQ(try_commit(name).error, 0); }
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
  std::shared_ptr<Staging> staging_ = make_memory_staging();
  std::unique_ptr<SessionManager> manager_;
  std::unique_ptr<Expiry> expiry_;
};

}  // namespace commitfs::past
