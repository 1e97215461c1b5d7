#include <gtest/gtest.h>
#include <sqlite3.h>

#include <atomic>
#include <map>

#include "meta/sqlite/sqlite_staging.h"
#include "tests/support/result.h"
#include "tests/support/temporary_directory.h"

// When the staging journal asks the disk to keep what it wrote.

namespace commitfs::sqlite {
namespace {

using ::commitfs::test::must;

/// SQLite's own file functions, but every sync is counted.
class CountingVfs {
 public:
  static std::size_t syncs() { return syncs_; }

  /// Becomes the default once; it is SQLite's that must live as long as the program.
  static void install() {
    static bool installed = false;
    if (installed) return;
    installed = true;
    real_ = sqlite3_vfs_find(nullptr);
    static sqlite3_vfs counting = *real_;
    counting.zName = "counting";
    counting.pNext = nullptr;
    counting.xOpen = &open;
    ASSERT_EQ(sqlite3_vfs_register(&counting, 1), SQLITE_OK);
  }

 private:
  static int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
    const int opened = real_->xOpen(real_, name, file, flags, out_flags);
    if (opened != SQLITE_OK || file->pMethods == nullptr) return opened;
    real_sync_ = file->pMethods->xSync;
    // SQLite has several tables of functions, by the kind of file.
    static std::map<const sqlite3_io_methods*, sqlite3_io_methods> tables;
    sqlite3_io_methods& counting = tables.emplace(file->pMethods, *file->pMethods).first->second;
    counting.xSync = &sync;
    file->pMethods = &counting;
    return opened;
  }
  static int sync(sqlite3_file* file, int flags) {
    ++syncs_;
    return real_sync_(file, flags);
  }

  static inline sqlite3_vfs* real_ = nullptr;
  static inline int (*real_sync_)(sqlite3_file*, int) = nullptr;
  static inline std::atomic<std::size_t> syncs_ = 0;
};

class StagingSync : public ::testing::Test {
 protected:
  void SetUp() override {
    CountingVfs::install();
    staging_ = must(open_sqlite_staging(directory_ / "staging.db"));
  }
  static StagingBatch session(std::uint64_t id) {
    StagingBatch batch{.session = SessionId{id}};
    batch.row = StagedSession{.id = SessionId{id}, .name = "s", .token = std::nullopt};
    return batch;
  }
  static StagingBatch drop(std::uint64_t id) { return {.session = SessionId{id}, .drop = true}; }
  /// How many syncs the write asked for.
  std::size_t write(const std::vector<StagingBatch>& batches, Durability durability) {
    const std::size_t before = CountingVfs::syncs();
    must(staging_->write(batches, durability));
    return CountingVfs::syncs() - before;
  }

  test::TemporaryDirectory directory_;
  std::unique_ptr<Staging> staging_;
};

TEST_F(StagingSync, LazyWritesAskForNone) {
  write({session(1)}, Durability::now);
  EXPECT_EQ(write({session(2)}, Durability::lazy), 0U);
}

TEST_F(StagingSync, DurableWriteOfNothingSyncsWhatWasWrittenLazily) {
  write({session(1)}, Durability::lazy);
  EXPECT_EQ(write({}, Durability::now), 1U);
}

TEST_F(StagingSync, DurableDropOfWhatWasDroppedLazilySyncsThatDrop) {
  write({session(1)}, Durability::now);
  write({drop(1)}, Durability::lazy);
  EXPECT_EQ(write({drop(1)}, Durability::now), 1U);
}

}  // namespace
}  // namespace commitfs::sqlite
