#include "txn/session_manager.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <future>

#include "meta/base/fault.h"
#include "meta/memory_catalog.h"
#include "tests/support/first_version.h"
#include "tests/support/result.h"
#include "tests/support/temporary_directory.h"
#include "txn/tree_operations.h"
#include "txn/version_name.h"

namespace commitfs {
namespace {

using test::must;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Caller kMaker{.uid = 1000, .gid = 1000, .pid = 1, .umask = 022};
constexpr Caller kStranger{.uid = 2000, .gid = 2000, .pid = 1, .umask = 022};
constexpr Caller kRoot{.uid = 0, .gid = 0, .pid = 1, .umask = 022};

/// Makes a file with one byte in it, and lets go of it.
void touch(Session& session, std::string_view name) {
  const auto made = must(tree::create(session, kMaker, InodeId::root, name, 0644, true));
  ASSERT_EQ(::pwrite(made.body.get(), "x", 1, 0), 1);
  tree::note_written(session, made.attributes.inode.id);
  tree::release_writer(session, made.attributes.inode.id);
}

bool has(Tree& tree, std::string_view name) {
  return tree.lookup(InodeId::root, name).has_value();
}

/// A table of one empty version, over a catalog and staging in memory that outlive each mount.
class Manager : public ::testing::Test {
 protected:
  void SetUp() override {
    test::make_first_version(*context_.catalog);
    mount();
  }
  ~Manager() override { fault::set_handler({}); }

  void mount() {
    const Term term = test::raise_term(*context_.catalog);
    manager_ = std::make_unique<SessionManager>(context_, term, staging_, CommitOptions{});
  }
  std::size_t remount() {
    manager_.reset();
    mount();
    return must(manager_->recover());
  }

  std::shared_ptr<Session> begin(std::string_view name) {
    return must(manager_->begin(name, kMaker));
  }
  /// A session that made the file `name`.
  std::shared_ptr<Session> begin_with_change(std::string_view name) {
    auto session = begin(name);
    touch(*session, name);
    return session;
  }
  CommitOutcome commit(std::string_view name, std::string_view receipt,
                       const Caller& caller = kMaker) {
    std::promise<CommitOutcome> answer;
    manager_->commit(name, receipt, caller,
                     [&](const CommitOutcome& outcome) { answer.set_value(outcome); });
    return answer.get_future().get();
  }
  CommitOutcome commit(std::string_view name) { return commit(name, name); }
  SeqNo make_version(const std::string& name) {
    begin_with_change(name);
    const CommitOutcome outcome = commit(name);
    EXPECT_EQ(outcome.error, 0);
    return outcome.version;
  }
  std::shared_ptr<Tree> receipt(std::string_view name) { return must(manager_->receipt(name)); }
  std::vector<std::string> receipt_names() { return must(manager_->receipt_names()); }
  std::vector<std::string> session_names() {
    std::vector<std::string> names;
    for (const auto& session : manager_->list())
      names.push_back(session->name());
    return names;
  }

  test::TemporaryDirectory directory_;
  TableContext context_ = make_context();
  std::shared_ptr<Staging> staging_ = make_memory_staging();
  std::unique_ptr<SessionManager> manager_;

 private:
  TableContext make_context() {
    TableContext context;
    context.catalog = make_memory_catalog();
    context.store = std::make_shared<ObjectStore>(must(ObjectStore::open(directory_ / "objects")));
    context.ids = std::make_shared<IdSource>(context.catalog);
    context.clock = &system_clock();
    return context;
  }
};

TEST_F(Manager, BeginsAtTheHeadUnderItsName) {
  make_version("first");
  const auto session = begin("s");
  EXPECT_EQ(session->name(), "s");
  EXPECT_EQ(session->base(), SeqNo{2});
  EXPECT_EQ(session->uid(), 1000U);
  EXPECT_EQ(manager_->find("s"), session);
  EXPECT_EQ(manager_->find("t"), nullptr);
}

TEST_F(Manager, BeginsAtTheVersionAfterTheLastAtAndKeepsTheWholeName) {
  make_version("first");
  EXPECT_EQ(begin("s@1")->base(), SeqNo{1});
  EXPECT_EQ(begin("s@latest")->base(), SeqNo{2});
  EXPECT_EQ(begin("s@previous")->base(), SeqNo{1});
  EXPECT_EQ(begin("a@b@1")->base(), SeqNo{1});
  EXPECT_EQ(begin("s@" + format_time(must(context_.catalog->head()).time_ns))->base(), SeqNo{2});
  EXPECT_EQ(manager_->find("a@b@1")->name(), "a@b@1");
  EXPECT_EQ(manager_->find("a@b"), nullptr);
}

TEST_F(Manager, RefusesAVersionThatIsNotThereAndLeavesTheNameFree) {
  for (const char* name : {"s@2", "s@", "s@0", "s@tag", "user@example.org"}) {
    EXPECT_ERRNO(manager_->begin(name, kMaker), ENOENT) << name;
    EXPECT_ERRNO(manager_->begin(name, kMaker), ENOENT) << name;
  }
  EXPECT_THAT(session_names(), IsEmpty());
}

TEST_F(Manager, RefusesNamesThatAreTakenReservedOrNone) {
  begin("s");
  EXPECT_ERRNO(manager_->begin("s", kStranger), EEXIST);
  EXPECT_ERRNO(manager_->begin(".commitfs", kMaker), EINVAL);
  EXPECT_ERRNO(manager_->begin("a/b", kMaker), EINVAL);
  EXPECT_ERRNO(manager_->begin(std::string(256, 'x'), kMaker), ENAMETOOLONG);
}

TEST_F(Manager, ListsByName) {
  for (const char* name : {"b", "a", "c\xff"})
    begin(name);
  EXPECT_THAT(session_names(), ElementsAre("a", "b", "c\xff"));
}

TEST_F(Manager, RenamesASession) {
  const auto session = begin_with_change("s");
  begin("taken");
  EXPECT_ERRNO(manager_->rename("s", "taken"), EEXIST);
  EXPECT_ERRNO(manager_->rename("none", "t"), ENOENT);
  EXPECT_ERRNO(manager_->rename("s", ".commitfs"), EINVAL);
  EXPECT_OK(manager_->rename("s", "t"));
  EXPECT_EQ(manager_->find("t"), session);
  EXPECT_EQ(manager_->find("s"), nullptr);
  EXPECT_EQ(session->name(), "t");
  EXPECT_OK(manager_->begin("s", kMaker));
}

TEST_F(Manager, ACommittedSessionIsItsReceiptWhenTheCallbackRuns) {
  const auto session = begin_with_change("s");
  std::promise<bool> answer;
  manager_->commit("s", "s", kMaker, [&](const CommitOutcome& outcome) {
    const bool moved = outcome.error == 0 && manager_->find("s") == nullptr &&
                       must(manager_->receipt("s")) == session;
    answer.set_value(moved && must(manager_->begin("s", kMaker)) != nullptr);
  });
  EXPECT_TRUE(answer.get_future().get());
  EXPECT_EQ(session->committed_as(), SeqNo{2});
}

TEST_F(Manager, CommitsUnderTheReceiptsName) {
  const auto session = begin_with_change("s");
  const CommitOutcome outcome = commit("s", "published");
  EXPECT_EQ(outcome.error, 0);
  EXPECT_EQ(must(context_.catalog->find_version(outcome.version))->session, "published");
  EXPECT_EQ(receipt("published"), session);
  EXPECT_EQ(receipt("s"), nullptr);
  EXPECT_EQ(manager_->find("s"), nullptr);
}

TEST_F(Manager, AskedAgainForACommitItAnswersThatVersionAndMakesNone) {
  const SeqNo version = make_version("s");
  const CommitOutcome again = commit("s");
  EXPECT_EQ(again.error, 0);
  EXPECT_EQ(again.version, version);
  EXPECT_FALSE(again.made_version);
  EXPECT_EQ(must(context_.catalog->head_seq_no()), version);

  remount();
  EXPECT_EQ(commit("s").version, version);
}

TEST_F(Manager, AskedAgainUnderAnotherReceiptItAnswersToTheSessionsNameOnly) {
  begin_with_change("s");
  const CommitOutcome first = commit("s", "r");
  EXPECT_EQ(commit("s", "r").version, first.version);
  EXPECT_EQ(commit("typo", "r").error, ENOENT);
}

TEST_F(Manager, ACommitOfNothingIsEnoent) {
  EXPECT_EQ(commit("s").error, ENOENT);
  EXPECT_EQ(commit("").error, ENOENT);
}

TEST_F(Manager, OnlyTheMakerAndRootMayCommit) {
  begin_with_change("s");
  EXPECT_EQ(commit("s", "s", kStranger).error, EACCES);
  EXPECT_NE(manager_->find("s"), nullptr);
  EXPECT_EQ(commit("s", "s", kRoot).error, 0);
}

TEST_F(Manager, AReservedReceiptIsEperm) {
  begin_with_change("s");
  EXPECT_EQ(commit("s", ".commitfs").error, EPERM);
  EXPECT_NE(manager_->find("s"), nullptr);
}

TEST_F(Manager, RemembersTheErrorOfANamesLastCommitUntilItSucceeds) {
  EXPECT_EQ(manager_->last_commit_error("loser"), 0);
  begin_with_change("loser");
  const auto winner = begin("winner");
  touch(*winner, "loser");
  tree::SetAttributes size;
  size.size_bytes = 7;
  must(tree::setattr(*winner, must(winner->lookup(InodeId::root, "loser")).inode.id, size));
  ASSERT_EQ(commit("winner").error, 0);
  EXPECT_EQ(commit("loser", "r").error, ECANCELED);
  EXPECT_EQ(manager_->last_commit_error("loser"), ECANCELED);
  EXPECT_EQ(manager_->last_commit_error("r"), ECANCELED);
  EXPECT_EQ(manager_->last_commit_error("winner"), 0);

  must(tree::unlink(*manager_->find("loser"), InodeId::root, "loser"));
  EXPECT_EQ(commit("loser").error, 0);
  EXPECT_EQ(manager_->last_commit_error("loser"), 0);
  const CommitCounts counts = manager_->commit_counts();
  EXPECT_EQ(counts.committed, 1U);
  EXPECT_EQ(counts.unchanged, 1U);
  EXPECT_EQ(counts.conflicts, 1U);
  EXPECT_EQ(counts.refused, 0U);
}

TEST_F(Manager, TheFaultPointBeforeSubmissionLeavesTheSession) {
  begin_with_change("s");
  fault::set_handler([](std::string_view name) -> Result<void> {
    if (name == "commit.submitted") return fail(EAGAIN, "injected");
    return {};
  });
  EXPECT_EQ(commit("s").error, EAGAIN);
  fault::set_handler({});
  EXPECT_EQ(commit("s").error, 0);
}

TEST_F(Manager, DiscardDropsTheSessionAndItsBodies) {
  const auto session = begin_with_change("s");
  const ObjectId body = must(session->lookup(InodeId::root, "s")).inode.object;
  EXPECT_OK(manager_->discard("s", kMaker));
  EXPECT_EQ(manager_->find("s"), nullptr);
  EXPECT_EQ(session->state(), SessionState::discarded);
  EXPECT_OK(manager_->begin("s", kMaker));
  EXPECT_EQ(remount(), 1U);  // ends the removal in the background; the new one is found again
  EXPECT_ERRNO(context_.store->stat(body), ENOENT);
  EXPECT_FALSE(has(*manager_->find("s"), "s"));
}

TEST_F(Manager, DiscardIsForTheMakerAndRoot) {
  begin("s");
  EXPECT_ERRNO(manager_->discard("s", kStranger), EACCES);
  EXPECT_ERRNO(manager_->discard("none", kMaker), ENOENT);
  EXPECT_OK(manager_->discard("s", kRoot));
  EXPECT_ERRNO(manager_->discard("s", kMaker), ENOENT);
}

TEST_F(Manager, NothingEndsASessionWhileItsCommitIsUnderWay) {
  const auto session = begin_with_change("s");
  must(session->freeze());
  EXPECT_ERRNO(manager_->discard("s", kMaker), EBUSY);
  EXPECT_ERRNO(manager_->remove("s", kMaker), EBUSY);
  EXPECT_ERRNO(manager_->rename("s", "t"), EROFS);
  session->thaw();
  EXPECT_EQ(session_names(), std::vector<std::string>{"s"});
  EXPECT_OK(manager_->discard("s", kMaker));
}

TEST_F(Manager, RemoveIsForSessionsThatChangedNothing) {
  const auto session = begin_with_change("s");
  EXPECT_ERRNO(manager_->remove("s", kMaker), ENOTEMPTY);
  EXPECT_EQ(session->state(), SessionState::open);
  EXPECT_ERRNO(manager_->remove("s", kStranger), EACCES);
  must(tree::unlink(*session, InodeId::root, "s"));
  EXPECT_OK(manager_->remove("s", kMaker));
  EXPECT_EQ(manager_->find("s"), nullptr);
  EXPECT_ERRNO(manager_->remove("s", kMaker), ENOENT);
}

TEST_F(Manager, ReceiptsAreListedNewestFirstWithoutTheAdoption) {
  EXPECT_THAT(receipt_names(), IsEmpty());
  make_version("a");
  make_version("b");
  EXPECT_THAT(receipt_names(), ElementsAre("b", "a"));
  EXPECT_THAT(must(manager_->receipt_names(1)), ElementsAre("b"));
  remount();
  EXPECT_THAT(receipt_names(), ElementsAre("b", "a"));
  EXPECT_EQ(receipt(""), nullptr);
}

TEST_F(Manager, ReceiptsOfAnEarlierMountShowTheirVersion) {
  make_version("a");
  make_version("b");
  remount();
  const auto found = receipt("a");
  ASSERT_NE(found, nullptr);
  EXPECT_TRUE(has(*found, "a"));
  EXPECT_FALSE(has(*found, "b"));
  EXPECT_EQ(receipt("none"), nullptr);
}

TEST_F(Manager, TheReceiptOfANameIsItsNewestVersion) {
  make_version("a");
  const auto again = begin("a");
  touch(*again, "more");
  ASSERT_EQ(commit("a").error, 0);
  EXPECT_TRUE(has(*receipt("a"), "more"));
  EXPECT_THAT(receipt_names(), ElementsAre("a"));
}

TEST_F(Manager, AnOpenSessionHidesTheReceiptOfItsName) {
  make_version("a");
  make_version("b");
  begin("a");
  EXPECT_EQ(receipt("a"), nullptr);
  EXPECT_THAT(receipt_names(), ElementsAre("b"));
  EXPECT_ERRNO(manager_->remove_receipt("a"), ENOENT);
  must(manager_->discard("a", kMaker));
  EXPECT_NE(receipt("a"), nullptr);
}

TEST_F(Manager, ARemovedReceiptStaysAwayAlsoAfterAMountUntilANewerVersion) {
  make_version("a");
  make_version("b");
  EXPECT_OK(manager_->remove_receipt("a"));
  EXPECT_EQ(receipt("a"), nullptr);
  EXPECT_ERRNO(manager_->remove_receipt("a"), ENOENT);
  EXPECT_THAT(receipt_names(), ElementsAre("b"));
  remount();
  EXPECT_EQ(receipt("a"), nullptr);
  EXPECT_THAT(receipt_names(), ElementsAre("b"));

  const auto again = begin("a");
  touch(*again, "more");
  ASSERT_EQ(commit("a").error, 0);
  EXPECT_THAT(receipt_names(), ElementsAre("a", "b"));
}

TEST_F(Manager, ASessionThatChangedNothingLeavesAReceiptForThisMount) {
  begin("idle");
  const CommitOutcome outcome = commit("idle");
  EXPECT_EQ(outcome.error, 0);
  EXPECT_FALSE(outcome.made_version);
  EXPECT_EQ(outcome.version, SeqNo{1});
  EXPECT_NE(receipt("idle"), nullptr);
  EXPECT_THAT(receipt_names(), ElementsAre("idle"));
  EXPECT_EQ(commit("idle").error, 0);
  EXPECT_OK(manager_->remove_receipt("idle"));
  EXPECT_EQ(receipt("idle"), nullptr);
}

TEST_F(Manager, SessionsAreFoundAgainByTheNextMount) {
  must(begin_with_change("s")->set_message("half done"));
  begin("t");
  must(manager_->rename("t", "u"));
  EXPECT_EQ(remount(), 2U);
  EXPECT_THAT(session_names(), ElementsAre("s", "u"));
  const auto session = manager_->find("s");
  EXPECT_TRUE(has(*session, "s"));
  EXPECT_EQ(session->message(), "half done");
  EXPECT_EQ(session->uid(), 1000U);
  EXPECT_EQ(commit("s").error, 0);
}

TEST_F(Manager, ACommittedSessionIsNotFoundAgainEvenIfStagingStillHasIt) {
  begin_with_change("s");
  must(manager_->journal().flush(*manager_->find("s")));
  const StagedState before = must(staging_->load()).at(0);
  ASSERT_EQ(commit("s").error, 0);
  manager_.reset();
  // What a crash right after the catalog's commit leaves.
  StagingBatch row;
  row.session = before.row.id;
  row.row = before.row;
  must(staging_->write({row}, Durability::now));
  mount();
  EXPECT_EQ(must(manager_->recover()), 0U);
  EXPECT_THAT(must(staging_->load()), IsEmpty());
  EXPECT_NE(receipt("s"), nullptr);
}

TEST_F(Manager, ASessionWhoseBaseIsGoneStaysInStaging) {
  StagingBatch row;
  row.session = SessionId{900};
  row.row = StagedSession{};
  row.row->id = SessionId{900};
  row.row->name = "orphan";
  row.row->base = SeqNo{99};
  row.row->boot_id = "another";
  must(staging_->write({row}, Durability::now));
  EXPECT_EQ(remount(), 0U);
  EXPECT_THAT(session_names(), IsEmpty());
  EXPECT_EQ(must(staging_->load()).size(), 1U);
}

TEST_F(Manager, SettingsAreFoundAgainByTheNextMount) {
  const auto session = begin_with_change("s");
  must(session->set_isolation(Isolation::serializable));
  must(session->set_replace("odd\xff"));
  must(manager_->pipeline().freeze(*session));
  const SessionSettings before = *session->settings();
  EXPECT_EQ(remount(), 1U);
  EXPECT_EQ(*manager_->find("s")->settings(), before);
  EXPECT_ERRNO(tree::mkdir(*manager_->find("s"), kMaker, InodeId::root, "d", 0755), EROFS);
  EXPECT_EQ(commit("s").error, 0);
}

TEST_F(Manager, ASessionWithDamagedSettingsStaysInStaging) {
  begin_with_change("whole");
  begin_with_change("damaged");
  const SessionId id = manager_->find("damaged")->id();
  manager_.reset();
  StagingBatch damage;
  damage.session = id;
  for (const StagedState& state : must(staging_->load())) {
    if (state.row.id == id) damage.row = state.row;
  }
  damage.row->extra = "{\"isolation\": \"serial";
  must(staging_->write({damage}, Durability::now));
  mount();
  EXPECT_EQ(must(manager_->recover()), 1U);
  EXPECT_THAT(session_names(), ElementsAre("whole"));
  EXPECT_EQ(must(staging_->load()).size(), 2U);
}

TEST_F(Manager, OfTwoSessionsOfOneNameBothAreFoundAgain) {
  for (const std::uint64_t id : {900U, 901U}) {
    StagingBatch row;
    row.session = SessionId{id};
    row.row = StagedSession{};
    row.row->id = SessionId{id};
    row.row->name = "twin";
    row.row->base = SeqNo{1};
    row.row->boot_id = "another";
    must(staging_->write({row}, Durability::now));
  }
  EXPECT_EQ(remount(), 2U);
  EXPECT_THAT(session_names(), ElementsAre("twin", "twin.901"));
}

TEST_F(Manager, KeepsTheNewestThousandReceiptsAsSessions) {
  std::shared_ptr<Session> first = begin_with_change("r0");
  ASSERT_EQ(commit("r0").error, 0);
  for (int i = 1; i <= 1000; ++i) {
    begin("r" + std::to_string(i));
    ASSERT_EQ(commit("r" + std::to_string(i)).error, 0);
  }
  EXPECT_NE(receipt("r0"), first);
  EXPECT_TRUE(has(*receipt("r0"), "r0"));
  EXPECT_EQ(receipt_names().size(), 1000U);
}

TEST_F(Manager, ManyThreadsBeginCommitAndDiscard) {
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([this, thread] {
      for (int i = 0; i < 20; ++i) {
        const std::string name = std::to_string(thread) + '.' + std::to_string(i);
        begin_with_change(name);
        if (i % 2 == 0) {
          EXPECT_EQ(commit(name).error, 0);
        } else {
          EXPECT_OK(manager_->discard(name, kMaker));
        }
        manager_->list();
        receipt_names();
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_THAT(session_names(), IsEmpty());
  EXPECT_EQ(receipt_names().size(), 40U);
  EXPECT_EQ(must(context_.catalog->head_seq_no()), SeqNo{41});
}

}  // namespace
}  // namespace commitfs
