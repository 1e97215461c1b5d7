// Sessions that nobody uses: they expire, and then they go.
#include "txn/lease.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <atomic>
#include <cerrno>
#include <future>

#include "meta/memory_catalog.h"
#include "tests/support/first_version.h"
#include "tests/support/result.h"
#include "tests/support/temporary_directory.h"
#include "txn/config/config_store.h"
#include "txn/session_manager.h"
#include "txn/status.h"
#include "txn/tree_operations.h"

namespace commitfs {
namespace {

using test::must;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr Caller kMaker{.uid = 1000, .gid = 1000, .pid = 1, .umask = 022};

/// Stands still until it is told to go on. Thread-safe.
class StoppedClock final : public Clock {
 public:
  TimeNs now_ns() const override { return now_ns_; }
  void advance_s(TimeNs seconds) { now_ns_ += seconds * 1'000'000'000; }

 private:
  std::atomic<TimeNs> now_ns_{1'000'000'000};
};

/// A table of one empty version, sessions of which expire after 60 s.
class Leases : public ::testing::Test {
 protected:
  void SetUp() override {
    context_.catalog = make_memory_catalog();
    context_.store = std::make_shared<ObjectStore>(must(ObjectStore::open(directory_ / "objects")));
    context_.ids = std::make_shared<IdSource>(context_.catalog);
    context_.clock = &system_clock();
    context_.lease_clock = &clock_;
    test::make_first_version(*context_.catalog);
    mount();
    must(context_.config->replace("session_ttl = 60s", {}));
  }
  void mount() {
    const Term term = test::raise_term(*context_.catalog);
    context_.config = must(ConfigStore::open(context_.catalog, term, system_clock()));
    manager_ = std::make_unique<SessionManager>(context_, term, staging_, CommitOptions{});
  }
  void remount() {
    manager_.reset();
    mount();
    must(manager_->recover());
  }
  std::shared_ptr<Session> begin(std::string_view name) {
    auto session = must(manager_->begin(name, kMaker));
    must(make(*session, "made"));
    return session;
  }
  static Result<Attributes> make(Session& session, std::string_view name) {
    return tree::mkdir(session, kMaker, InodeId::root, name, 0755);
  }
  void pass_s(TimeNs seconds) {
    clock_.advance_s(seconds);
    manager_->sweep_leases();
  }
  CommitOutcome commit(std::string_view name) {
    std::promise<CommitOutcome> answer;
    manager_->commit(name, name, kMaker,
                     [&](const CommitOutcome& outcome) { answer.set_value(outcome); });
    return answer.get_future().get();
  }
  bool is_there(std::string_view name) { return manager_->find(name) != nullptr; }

  test::TemporaryDirectory directory_;
  StoppedClock clock_;
  TableContext context_;
  std::shared_ptr<Staging> staging_ = make_memory_staging();
  std::unique_ptr<SessionManager> manager_;
};

TEST_F(Leases, ASessionThatNobodyUsedTakesNoChangesAndCanBeRead) {
  const auto session = begin("s");
  pass_s(59);
  EXPECT_FALSE(session->expired());
  pass_s(1);
  EXPECT_TRUE(session->expired());
  EXPECT_ERRNO(make(*session, "late"), EROFS);
  EXPECT_ERRNO(session->set_message("m"), EROFS);
  EXPECT_ERRNO(session->set_isolation(Isolation::serializable), EROFS);
  EXPECT_ERRNO(manager_->pipeline().freeze(*session), EROFS);
  EXPECT_TRUE(session->lookup(InodeId::root, "made"));
  EXPECT_EQ(manager_->lease_counts().expired, 1U);
}

TEST_F(Leases, ACommitOfAnExpiredSessionIsRefusedAndSaysToBeginAgain) {
  const auto session = begin("s");
  pass_s(60);
  const std::string check = must(manager_->pipeline().check(*session))->to_text();
  const CommitOutcome outcome = commit("s");
  EXPECT_EQ(outcome.error, ESTALE);
  ASSERT_NE(session->last_report(), nullptr);
  EXPECT_THAT(session->last_report()->to_text(),
              AllOf(HasSubstr("expired"), HasSubstr("session_ttl"), HasSubstr("begin again")));
  EXPECT_EQ(session->last_report()->to_text(), check);
  EXPECT_TRUE(session->expired());
  EXPECT_EQ(must(context_.catalog->head_seq_no()), SeqNo{1});
}

TEST_F(Leases, UseKeepsASessionAlive) {
  const auto session = begin("s");
  pass_s(59);
  bool ask_again = false;
  (void)session->look_up(InodeId::root, "nothing", ask_again);
  pass_s(59);
  must(make(*session, "more"));
  pass_s(59);
  must(session->set_message("still here"));
  pass_s(59);
  EXPECT_FALSE(session->expired());
  EXPECT_EQ(commit("s").error, 0);
}

TEST_F(Leases, ACommitThatIsRefusedIsUse) {
  const auto session = begin("s");
  must(session->set_require("attribute_exists('nothing')"));
  clock_.advance_s(59);
  EXPECT_EQ(commit("s").error, EPERM);
  pass_s(59);
  EXPECT_FALSE(session->expired());
  pass_s(1);
  EXPECT_TRUE(session->expired());
}

TEST_F(Leases, WhatIsOpenHoldsItForAsLongAsItIsOpen) {
  const auto session = begin("s");
  session->lease().hold();
  pass_s(600);
  EXPECT_FALSE(session->expired());
  session->lease().let_go();
  pass_s(59);
  EXPECT_FALSE(session->expired());
  pass_s(1);
  EXPECT_TRUE(session->expired());
}

TEST_F(Leases, AFileOpenForWritingHoldsIt) {
  const auto session = begin("s");
  const auto file = must(tree::create(*session, kMaker, InodeId::root, "f", 0644, true));
  pass_s(600);
  EXPECT_FALSE(session->expired());
  tree::release_writer(*session, file.attributes.inode.id);
  pass_s(60);
  EXPECT_TRUE(session->expired());
}

TEST_F(Leases, AHolderThatTheProbeFindsKeepsTheLease) {
  const auto session = begin("s");
  std::atomic<bool> has_holder = true;
  manager_->set_holder_probe([&](const Session&) { return has_holder.load(); });
  pass_s(60);
  pass_s(59);
  EXPECT_FALSE(session->expired());
  has_holder = false;
  pass_s(1);
  EXPECT_TRUE(session->expired());
  has_holder = true;
  pass_s(60);
  EXPECT_TRUE(is_there("s"));
  manager_->set_holder_probe({});
}

TEST_F(Leases, AnExpiredSessionGoesWhenNobodyUsedItForAsLongAgain) {
  must(manager_->journal().flush(*begin("s")));
  std::string reaped;
  manager_->set_reap_listener(
      [&](const std::shared_ptr<Session>& session) { reaped = session->name(); });
  pass_s(60);
  pass_s(59);
  EXPECT_TRUE(is_there("s"));
  pass_s(1);
  EXPECT_FALSE(is_there("s"));
  manager_->set_reap_listener({});  // waits for the sweep that may be under way
  EXPECT_EQ(reaped, "s");
  EXPECT_EQ(manager_->lease_counts().reaped, 1U);
  remount();
  EXPECT_FALSE(is_there("s"));
}

TEST_F(Leases, WhoReadsAnExpiredSessionIsLeftTheTimeTo) {
  const auto session = begin("s");
  pass_s(60);
  pass_s(50);
  bool ask_again = false;
  EXPECT_TRUE(session->look_up(InodeId::root, "made", ask_again));
  pass_s(59);
  EXPECT_TRUE(is_there("s"));
  session->lease().hold();
  pass_s(600);
  EXPECT_TRUE(is_there("s"));
  session->lease().let_go();
  pass_s(60);
  EXPECT_FALSE(is_there("s"));
}

TEST_F(Leases, AnExpiredSessionCanBeDiscarded) {
  begin("s");
  pass_s(60);
  must(manager_->discard("s", kMaker));
  EXPECT_FALSE(is_there("s"));
}

TEST_F(Leases, ExpiredIsExpiredAfterARemountAndTheGuardBeginsAnew) {
  begin("s");
  pass_s(60);
  clock_.advance_s(59);
  remount();
  ASSERT_TRUE(is_there("s"));
  EXPECT_TRUE(manager_->find("s")->expired());
  pass_s(59);
  EXPECT_TRUE(is_there("s"));
  pass_s(1);
  EXPECT_FALSE(is_there("s"));
}

TEST_F(Leases, WhileNothingIsMountedNoLeaseRuns) {
  begin("s");
  clock_.advance_s(59);
  remount();
  pass_s(59);
  EXPECT_FALSE(manager_->find("s")->expired());
}

TEST_F(Leases, WithoutASessionTtlNothingExpires) {
  must(context_.config->replace("session_ttl = never", {}));
  const auto session = begin("s");
  pass_s(1'000'000'000);
  EXPECT_FALSE(session->expired());
}

TEST_F(Leases, AnExpiredWriterKeepsNoRewriteWaiting) {
  must(context_.config->replace("session_ttl = 60s\nprefer_writer = on", {}));
  const auto base = begin("base");
  ASSERT_EQ(commit("base").error, 0);
  const auto file = [](Session& session) {
    return session.lookup(InodeId::root, "f").value().inode.id;
  };
  const auto maker = must(manager_->begin("maker", kMaker));
  const auto made = must(tree::create(*maker, kMaker, InodeId::root, "f", 0644, true));
  tree::release_writer(*maker, made.attributes.inode.id);
  ASSERT_EQ(commit("maker").error, 0);

  const auto writer = must(manager_->begin("writer", kMaker));
  must(tree::open_for_writing(*writer, file(*writer), true));
  tree::release_writer(*writer, file(*writer));
  clock_.advance_s(30);
  const auto rewrite = must(manager_->begin("rewrite", kMaker));
  must(rewrite->set_operation(Operation::rewrite));
  must(tree::unlink(*rewrite, InodeId::root, "f"));
  EXPECT_EQ(commit("rewrite").error, EAGAIN);
  clock_.advance_s(20);
  must(rewrite->set_message("not forgotten"));
  pass_s(10);
  EXPECT_EQ(commit("rewrite").error, 0);
}

TEST_F(Leases, StatusTellsAgeUseAndWhatWillCome) {
  const auto session = begin("s");
  session->lease().hold();
  EXPECT_THAT(session_status_text(*session),
              AllOf(HasSubstr("state: open\n"), HasSubstr("\nage: "), HasSubstr("\nunused: 0 s\n"),
                    HasSubstr("\nheld: 1 open\n"), HasSubstr("\nexpires: in 60 s\n")));
  session->lease().let_go();
  clock_.advance_s(20);
  EXPECT_THAT(session_status_text(*session),
              AllOf(HasSubstr("\nunused: 20 s\n"), HasSubstr("\nexpires: in 40 s\n"),
                    Not(HasSubstr("held"))));
  pass_s(40);
  EXPECT_THAT(session_status_text(*session),
              AllOf(HasSubstr("state: expired\n"), HasSubstr("\nremoved: in 60 s\n")));
}

}  // namespace
}  // namespace commitfs
