#include "txn/journal.h"

#include <atomic>
#include <new>
#include <thread>

#include "meta/base/fault.h"
#include "tests/support/session_snapshot.h"
#include "tests/txn/tree/tree_test.h"
#include "txn/boot_id.h"

namespace commitfs::test {
namespace {

/// A journal that writes only when it is flushed.
class JournalTest : public TreeTest {
 protected:
  JournalTest()
      : staging_(make_memory_staging()), journal_(staging_, nullptr, std::chrono::hours(1)) {}
  void SetUp() override {
    TreeTest::SetUp();
    journal_.add(session().shared_from_this());
  }
  void TearDown() override { fault::set_handler({}); }
  StagedState staged() {
    auto states = must(staging_->load());
    return states.empty() ? StagedState{} : states.front();
  }
  std::shared_ptr<Session> recovered() {
    StagedState state = staged();
    return std::make_shared<Session>(context_, state.row, ChangeSet::from_staged(state));
  }

  std::shared_ptr<Staging> staging_;
  Journal journal_;
};

TEST_F(JournalTest, FlushedSessionIsFoundAgain) {
  ASSERT_OK(shell().create("new", "bytes"));
  ASSERT_OK(shell().rename("d", "new-d"));
  ASSERT_OK(shell().unlink("a"));
  ASSERT_OK(shell().append("new-d/f", "+"));
  ASSERT_OK(shell().setxattr("new", "user.k", "v"));
  ASSERT_OK(session().set_message("hello"));
  ASSERT_OK(session().set_token("t"));
  ASSERT_OK(session().set_metadata("k", "v"));
  ASSERT_OK(journal_.flush(session()));
  const auto again = recovered();
  EXPECT_EQ(Shell(again).brief(), shell().brief());
  EXPECT_EQ(describe(*again), describe(session()));
  EXPECT_EQ(again->message(), "hello");
  EXPECT_EQ(again->token(), "t");
  EXPECT_EQ(again->metadata(), session().metadata());
  EXPECT_EQ(again->name(), session().name());
  EXPECT_EQ(again->base(), session().base());
}

TEST_F(JournalTest, NewSessionHasItsRowToWrite) {
  ASSERT_OK(journal_.flush(session()));
  EXPECT_EQ(staged().row.id, session().id());
  EXPECT_EQ(staged().row.boot_id, boot_id());
  EXPECT_FALSE(recovered()->outlived_boot());
  EXPECT_FALSE(session().take_journal().has_value());
}

TEST_F(JournalTest, MarkOfAnotherBootStaysUntilItIsAccepted) {
  StagedSession row = new_row(session().base(), 1000, 1000);
  row.boot_id = "another";
  const auto old = std::make_shared<Session>(context_, row, ChangeSet());
  EXPECT_TRUE(old->outlived_boot());
  ASSERT_OK(old->set_message("changes the row"));
  EXPECT_EQ(old->take_journal()->row->boot_id, "another");
  old->accept_boot();
  EXPECT_FALSE(old->outlived_boot());
  EXPECT_EQ(old->take_journal()->row->boot_id, boot_id());
}

TEST_F(JournalTest, ShortLivedNamesAreForgottenInStagingToo) {
  ASSERT_OK(shell().create("temporary"));
  ASSERT_OK(journal_.flush(session()));
  const InodeId id = inode("temporary").id;
  ASSERT_OK(shell().setxattr("temporary", "user.k", "v"));
  ASSERT_OK(journal_.flush(session()));
  EXPECT_EQ(staged().xattrs.size(), 1U);
  ASSERT_OK(shell().unlink("temporary"));
  tree::release_inode(session(), id);
  ASSERT_OK(journal_.flush(session()));
  EXPECT_TRUE(staged().dirents.empty());
  EXPECT_TRUE(staged().xattrs.empty());
  EXPECT_EQ(staged().inodes.size(), 1U);
}

TEST_F(JournalTest, UnlinkedFilesAreForgottenAfterRecovery) {
  ASSERT_OK(shell().create("temporary"));
  ASSERT_OK(shell().unlink("temporary"));
  ASSERT_OK(shell().unlink("a"));
  const std::size_t bodies = stored_bodies();
  ASSERT_OK(journal_.flush(session()));
  const auto again = recovered();
  again->forget_unlinked();
  EXPECT_EQ(Shell(again).brief(), "d/ d/f=old l->a");
  const StagingBatch batch = *again->take_journal();
  EXPECT_EQ(batch.forget_inodes.size(), 1U);
  EXPECT_EQ(batch.unused.size(), 1U);
  EXPECT_EQ(stored_bodies(), bodies);
}

TEST_F(JournalTest, FailedFlushReportsAndKeepsTheDirt) {
  ASSERT_OK(journal_.flush(session()));
  ASSERT_OK(shell().create("new"));
  fault::set_handler([](std::string_view point) -> Result<void> {
    if (point == "journal.before_write") return fail(ENOSPC, "full");
    return {};
  });
  EXPECT_ERRNO(journal_.flush(session()), ENOSPC);
  fault::set_handler({});
  EXPECT_TRUE(staged().dirents.empty());
  ASSERT_OK(journal_.flush(session()));
  EXPECT_EQ(staged().dirents.size(), 1U);
}

TEST_F(JournalTest, ExceptionFailsTheFlushAndKeepsTheDirt) {
  ASSERT_OK(journal_.flush(session()));
  ASSERT_OK(shell().create("new"));
  fault::set_handler([](std::string_view point) -> Result<void> {
    if (point == "journal.before_write") throw std::bad_alloc();
    return {};
  });
  EXPECT_ERRNO(journal_.flush(session()), ENOMEM);
  fault::set_handler({});
  ASSERT_OK(journal_.flush(session()));
  EXPECT_EQ(staged().dirents.size(), 1U);
}

TEST_F(JournalTest, FlushCoversABatchThatIsBeingWritten) {
  // The first flush is stopped with its batch in hand; the second must not overtake it.
  ASSERT_OK(shell().create("first"));
  std::atomic<bool> stopped = false;
  std::atomic<bool> go_on = false;
  fault::set_handler([&](std::string_view point) -> Result<void> {
    if (point == "journal.before_write" && !stopped.exchange(true)) go_on.wait(false);
    return {};
  });
  std::thread first([&] { EXPECT_OK(journal_.flush(session())); });
  while (!stopped)
    std::this_thread::yield();
  ASSERT_OK(shell().create("second"));
  std::thread second([&] {
    EXPECT_OK(journal_.flush(session()));
    EXPECT_EQ(staged().dirents.size(), 2U);
  });
  go_on = true;
  go_on.notify_all();
  first.join();
  second.join();
}

TEST_F(JournalTest, DroppedSessionDoesNotComeBack) {
  ASSERT_OK(shell().create("new"));
  ASSERT_OK(journal_.flush(session()));
  ASSERT_OK(shell().create("newer"));
  session().discard();
  journal_.drop(session().id());
  const auto other = begin();
  journal_.add(other);
  ASSERT_OK(journal_.flush(*other));
  ASSERT_EQ(must(staging_->load()).size(), 1U);
  EXPECT_EQ(staged().row.id, other->id());
}

TEST_F(JournalTest, ListenerIsCalledOncePerBatch) {
  const auto other = begin();
  int calls = 0;
  other->set_journal_listener([&] { ++calls; });
  Shell shell(other);
  ASSERT_OK(shell.create("one"));
  ASSERT_OK(shell.create("two"));
  EXPECT_EQ(calls, 1);
  ASSERT_TRUE(other->take_journal());
  EXPECT_EQ(must(shell.read("one")), "");
  EXPECT_EQ(calls, 1);
  ASSERT_OK(shell.create("three"));
  EXPECT_EQ(calls, 2);
}

TEST_F(JournalTest, WritesBehindWithoutBeingAsked) {
  Journal quick(staging_, nullptr, std::chrono::milliseconds(1));
  const auto other = begin();
  quick.add(other);
  ASSERT_OK(Shell(other).create("new"));
  while (must(staging_->load()).empty() || must(staging_->load()).back().dirents.empty())
    std::this_thread::yield();
}

TEST_F(JournalTest, StoppingWritesWhatIsLeft) {
  const auto other = begin();
  {
    Journal journal(staging_, nullptr, std::chrono::hours(1));
    journal.add(other);
    ASSERT_OK(Shell(other).create("new"));
  }
  EXPECT_EQ(staged().dirents.size(), 1U);
  EXPECT_OK(Shell(other).create("after the journal is gone"));
}

}  // namespace
}  // namespace commitfs::test
