#include <algorithm>
#include <atomic>
#include <thread>

#include "meta/base/fault.h"
#include "tests/txn/tree/tree_test.h"
#include "txn/journal.h"

// When the bodies go that sessions need no more.

namespace commitfs::test {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

/// A staging in memory that knows what of it a power loss would leave.
class FragileStaging final : public Staging {
 public:
  Result<void> write(const std::vector<StagingBatch>& batches, Durability durability) override {
    MutexLock lock(mutex_);
    TRY(staging_->write(batches, durability));
    unsynced_.insert(unsynced_.end(), batches.begin(), batches.end());
    if (durability == Durability::lazy) return {};
    TRY(synced_->write(unsynced_, durability));
    unsynced_.clear();
    return {};
  }
  Result<std::vector<StagedState>> load() override { return staging_->load(); }

  bool names_after_power_loss(ObjectId object) {
    MutexLock lock(mutex_);
    for (const StagedState& state : must(synced_->load())) {
      for (const StagedInode& inode : state.inodes) {
        if (inode.record.object == object) return true;
      }
    }
    return false;
  }

 private:
  Mutex mutex_;
  const std::unique_ptr<Staging> staging_ = make_memory_staging();
  const std::unique_ptr<Staging> synced_ = make_memory_staging();
  std::vector<StagingBatch> unsynced_ GUARDED_BY(mutex_);
};

class JournalRemoval : public TreeTest {
 protected:
  void SetUp() override {
    TreeTest::SetUp();
    start(hours(1));
  }
  void TearDown() override { fault::set_handler({}); }

  void start(milliseconds interval) {
    journal_ = std::make_unique<Journal>(staging_, nullptr, interval,
                                         [this](std::vector<ObjectId> objects) {
                                           for (const ObjectId object : objects) {
                                             EXPECT_FALSE(staging_->names_after_power_loss(object));
                                             EXPECT_OK(context_.store->remove(object));
                                           }
                                         });
    shell_.emplace(begin());
    journal_->add(session().shared_from_this());
  }
  Shell& shell() { return *shell_; }
  Session& session() { return shell_->session(); }
  void flush() { ASSERT_OK(journal_->flush(session())); }
  bool is_stored(ObjectId object) { return context_.store->stat(object).has_value(); }
  ObjectId body_of(const std::string& path) { return must(shell().stat(path)).inode.object; }
  /// As the kernel does when the last name goes and nobody has it open.
  void replace(const std::string& from, const std::string& to) {
    const InodeId old = must(shell().find(to));
    ASSERT_OK(shell().rename(from, to));
    tree::release_inode(session(), old);
  }

  std::shared_ptr<FragileStaging> staging_ = std::make_shared<FragileStaging>();
  std::optional<Shell> shell_;
  std::unique_ptr<Journal> journal_;
};

TEST_F(JournalRemoval, ABodyThatStagingNamesOutlivesItsFileUntilThatIsDurable) {
  ASSERT_OK(shell().create("f", "old"));
  const ObjectId old = body_of("f");
  flush();
  ASSERT_OK(shell().create("f.tmp", "new"));
  flush();
  replace("f.tmp", "f");
  EXPECT_TRUE(is_stored(old));
  flush();
  EXPECT_FALSE(staging_->names_after_power_loss(old));
  journal_.reset();  // the flush was answered before the removal
  EXPECT_FALSE(is_stored(old));
  EXPECT_EQ(shell().brief(), "a=bytes d/ d/f=old f=new l->a");
}

TEST_F(JournalRemoval, ABodyStagingNeverKnewGoesAtOnce) {
  ASSERT_OK(shell().create("f", "old"));
  const ObjectId old = body_of("f");
  ASSERT_OK(shell().create("f.tmp", "new"));
  replace("f.tmp", "f");
  EXPECT_FALSE(is_stored(old));
}

TEST_F(JournalRemoval, TheJournalSyncsByItselfWhenNobodyAsksForIt) {
  start(milliseconds(1));
  ASSERT_OK(shell().create("temporary", "bytes"));
  const ObjectId body = body_of("temporary");
  flush();
  const InodeId id = must(shell().find("temporary"));
  ASSERT_OK(shell().unlink("temporary"));
  tree::release_inode(session(), id);
  while (is_stored(body))
    std::this_thread::yield();
}

TEST_F(JournalRemoval, AWriteThatFailedRemovesNothing) {
  ASSERT_OK(shell().create("f", "old"));
  const ObjectId old = body_of("f");
  ASSERT_OK(shell().create("f.tmp", "new"));
  flush();
  replace("f.tmp", "f");
  fault::set_handler([](std::string_view point) -> Result<void> {
    if (point == "journal.before_write") return fail(ENOSPC, "full");
    return {};
  });
  EXPECT_ERRNO(journal_->flush(session()), ENOSPC);
  fault::set_handler({});
  EXPECT_TRUE(is_stored(old));
  flush();
  journal_.reset();
  EXPECT_FALSE(is_stored(old));
}

TEST_F(JournalRemoval, CopiesOfASessionThatHadNothingToCommitStayUntilItIsForgotten) {
  const auto copy = must(tree::open_for_writing(session(), must(shell().find("a")), false));
  tree::release_writer(session(), must(shell().find("a")));
  flush();
  ASSERT_OK(session().freeze());
  session().finish(session().base(), {});
  EXPECT_TRUE(is_stored(copy.object));
  EXPECT_TRUE(staging_->names_after_power_loss(copy.object));
  journal_.reset();
  EXPECT_FALSE(is_stored(copy.object));
}

TEST_F(JournalRemoval, AFileHeldOpenOutlivesItsSessionAndThenGoesTheSameWay) {
  const auto file = must(tree::create(session(), {}, InodeId::root, "temporary", 0644, true));
  const InodeId id = file.attributes.inode.id;
  const ObjectId body = file.attributes.inode.object;
  flush();
  ASSERT_OK(shell().unlink("temporary"));
  ASSERT_OK(session().freeze());
  session().finish(session().base(), {});
  tree::release_writer(session(), id);
  tree::release_inode(session(), id);
  EXPECT_TRUE(is_stored(body));
  journal_.reset();
  EXPECT_FALSE(is_stored(body));
}

}  // namespace
}  // namespace commitfs::test
