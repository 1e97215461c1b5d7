#include <algorithm>
#include <atomic>
#include <cerrno>
#include <thread>

#include "meta/base/fault.h"
#include "tests/support/table_fixture.h"
#include "txn/session_manager.h"

namespace commitfs::test {
namespace {

constexpr Caller kMaker{.uid = 1000, .gid = 1000, .pid = 1, .umask = 022};

/// On a disk that is full at times: only what is durable and forgets sessions still fits.
class FullStaging final : public Staging {
 public:
  Result<void> write(const std::vector<StagingBatch>& batches, Durability durability) override {
    const bool forgets = durability == Durability::now && !batches.empty() &&
                         std::ranges::all_of(batches, &StagingBatch::drop);
    if (is_full && !forgets) return fail(ENOSPC, "staging");
    return staging_->write(batches, durability);
  }
  Result<std::vector<StagedState>> load() override { return staging_->load(); }

  std::atomic<bool> is_full = false;

 private:
  const std::unique_ptr<Staging> staging_ = make_memory_staging();
};

/// Over a staging in memory, which is at any time what a crash would leave.
class Discard : public TableFixture {
 protected:
  ~Discard() override { fault::set_handler({}); }

  /// Bodies that sessions would miss which came back after a crash now.
  std::size_t missing_bodies() {
    std::size_t missing = 0;
    for (const StagedState& state : must(staging_->load())) {
      for (const StagedInode& inode : state.inodes) {
        const ObjectId object = inode.record.object;
        if (object != ObjectId::none && !context_.store->stat(object)) ++missing;
      }
    }
    return missing;
  }
  bool is_stored(ObjectId object) { return context_.store->stat(object).has_value(); }

  std::shared_ptr<Staging> staging_ = make_memory_staging();
  std::unique_ptr<SessionManager> manager_ =
      std::make_unique<SessionManager>(context_, Term{1}, staging_, CommitOptions{});
};

TEST_F(Discard, RemovesNoBodyThatTheJournalIsAboutToName) {
  std::atomic<int> writes = 0;
  std::atomic<bool> made = false, stopped = false, go_on = false;
  std::atomic<std::size_t> missing = 0;
  fault::set_handler([&](std::string_view point) -> Result<void> {
    if (point == "journal.before_write" && ++writes == 1) {
      made.wait(false);
      return fail(ENOSPC, "so that the next has the session and its file in hand");
    }
    if (point == "journal.before_write" && writes == 2) {
      stopped = true;
      stopped.notify_all();
      go_on.wait(false);
    }
    if (point == "journal.after_write") missing += missing_bodies();
    return {};
  });
  Shell shell(must(manager_->begin("s", kMaker)));
  const ObjectId body = must(shell.create("f", "bytes")).inode.object;
  made = true;
  made.notify_all();
  stopped.wait(false);
  ASSERT_OK(manager_->discard("s", kMaker));
  // Time for a removal that does not wait for the journal. There should be none.
  const auto enough = std::chrono::steady_clock::now() + std::chrono::milliseconds(200);
  while (is_stored(body) && std::chrono::steady_clock::now() < enough)
    std::this_thread::yield();
  go_on = true;
  go_on.notify_all();
  manager_.reset();
  EXPECT_EQ(missing, 0U);
  EXPECT_FALSE(is_stored(body));
  EXPECT_TRUE(must(staging_->load()).empty());
}

TEST_F(Discard, GivesBodiesBackOnAFullDiskWhereOthersHaveChangesThatDoNotFit) {
  const auto disk = std::make_shared<FullStaging>();
  manager_ = std::make_unique<SessionManager>(context_, Term{1}, disk, CommitOptions{});
  const auto stays = must(manager_->begin("stays", kMaker));
  const auto goes = must(manager_->begin("goes", kMaker));
  const ObjectId body = must(Shell(goes).create("big", "bytes")).inode.object;
  ASSERT_OK(manager_->journal().flush(*goes));
  disk->is_full = true;
  ASSERT_OK(Shell(stays).create("more", "bytes"));
  EXPECT_ERRNO(manager_->journal().flush(*stays), ENOSPC);
  ASSERT_OK(manager_->discard("goes", kMaker));
  while (is_stored(body))
    std::this_thread::yield();
  ASSERT_EQ(must(disk->load()).size(), 1U);
  EXPECT_TRUE(must(disk->load()).front().inodes.empty());
  disk->is_full = false;
  EXPECT_OK(manager_->journal().flush(*stays));
  EXPECT_EQ(must(disk->load()).front().row.name, "stays");
  EXPECT_FALSE(must(disk->load()).front().inodes.empty());
}

TEST_F(Discard, GivesBodiesBackOnADiskThatIsFullBeforeThatTheyAreForgottenIsDurable) {
  const auto disk = std::make_shared<FullStaging>();
  manager_ = std::make_unique<SessionManager>(context_, Term{1}, disk, CommitOptions{});
  const auto goes = must(manager_->begin("goes", kMaker));
  const ObjectId body = must(Shell(goes).create("big", "bytes")).inode.object;
  ASSERT_OK(manager_->journal().flush(*goes));
  fault::set_handler([&](std::string_view point) -> Result<void> {
    if (point == "journal.after_write") disk->is_full = true;
    return {};
  });
  ASSERT_OK(manager_->discard("goes", kMaker));
  while (is_stored(body))
    std::this_thread::yield();
  EXPECT_TRUE(disk->is_full);
  EXPECT_TRUE(must(disk->load()).empty());
}

}  // namespace
}  // namespace commitfs::test
