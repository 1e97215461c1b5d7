#include <gmock/gmock.h>

#include "meta/memory_catalog.h"
#include "meta/sqlite/sqlite_staging.h"
#include "meta/staging.h"
#include "tests/support/result.h"
#include "tests/support/temporary_directory.h"

namespace commitfs::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

enum class StagingForm { memory, sqlite };

class StagingTest : public ::testing::TestWithParam<StagingForm> {
 protected:
  StagingTest() { reopen(); }

  void reopen() {
    if (staging_ && GetParam() == StagingForm::memory) return;
    staging_.reset();
    staging_ = GetParam() == StagingForm::memory
                   ? make_memory_staging()
                   : must(open_sqlite_staging(directory_ / "staging.db"));
  }

  void write(const StagingBatch& batch, Durability durability = Durability::lazy) {
    must(staging_->write({batch}, durability));
  }
  std::vector<StagedState> load() { return must(staging_->load()); }

  static StagingBatch session(std::uint64_t id) {
    StagingBatch batch{.session = SessionId{id}};
    batch.row = StagedSession{.id = SessionId{id}, .name = "nightly", .token = std::nullopt};
    return batch;
  }

  TemporaryDirectory directory_;
  std::unique_ptr<Staging> staging_;
};

INSTANTIATE_TEST_SUITE_P(Staging, StagingTest,
                         ::testing::Values(StagingForm::memory, StagingForm::sqlite),
                         [](const auto& p) {
                           return p.param == StagingForm::memory ? "memory" : "sqlite";
                         });

TEST_P(StagingTest, SessionComesBackAsItWasWritten) {
  auto batch = session(0xFFFF'FFFF'FFFF'FFFF);
  batch.row->base = SeqNo{41};
  batch.row->uid = 4'000'000'000;
  batch.row->gid = 5;
  batch.row->created_ns = 1'700'000'000'123'456'789;
  batch.row->boot_id = "boot";
  batch.row->message = "a\nb";
  batch.row->token = "token";
  batch.row->metadata = {{"k\xFF", "v"}};
  batch.row->extra = "{}";
  write(batch);
  reopen();

  const auto states = load();
  ASSERT_THAT(states, SizeIs(1));
  const auto& row = states.at(0).row;
  EXPECT_EQ(row.id, batch.row->id);
  EXPECT_EQ(row.name, batch.row->name);
  EXPECT_EQ(row.base, batch.row->base);
  EXPECT_EQ(row.uid, batch.row->uid);
  EXPECT_EQ(row.gid, batch.row->gid);
  EXPECT_EQ(row.created_ns, batch.row->created_ns);
  EXPECT_EQ(row.boot_id, batch.row->boot_id);
  EXPECT_EQ(row.message, batch.row->message);
  EXPECT_EQ(row.token, batch.row->token);
  EXPECT_EQ(row.metadata, batch.row->metadata);
  EXPECT_EQ(row.extra, batch.row->extra);
}

TEST_P(StagingTest, RowsComeBackAsTheyWereWritten) {
  auto batch = session(1);
  StagedInode inode{.record = {}, .flags = 0xFFFF'FFFF};
  inode.record.id = InodeId{7};
  inode.record.mode = S_IFREG | 0600;
  inode.record.object = ObjectId{9};
  inode.record.symlink_target = "t";
  inode.record.since = SeqNo{3};
  batch.inodes = {inode};
  batch.dirents = {{.key = {InodeId{1}, "\xFF"}, .inode = InodeId{7}},
                   {.key = {InodeId{1}, "gone"}}};
  batch.xattrs = {{.key = {InodeId{7}, "user.a"}, .value = ""},
                  {.key = {InodeId{7}, "user.b"}, .value = std::nullopt}};
  write(batch, Durability::now);
  reopen();

  const auto state = load().at(0);
  ASSERT_THAT(state.inodes, SizeIs(1));
  EXPECT_EQ(state.inodes.at(0).record, inode.record);
  EXPECT_EQ(state.inodes.at(0).flags, inode.flags);
  ASSERT_THAT(state.dirents, SizeIs(2));
  EXPECT_EQ(state.dirents.at(0).key, (DirentKey{InodeId{1}, "gone"}));
  EXPECT_EQ(state.dirents.at(0).inode, InodeId::none);
  EXPECT_EQ(state.dirents.at(1).key, (DirentKey{InodeId{1}, "\xFF"}));
  EXPECT_EQ(state.dirents.at(1).inode, InodeId{7});
  ASSERT_THAT(state.xattrs, SizeIs(2));
  EXPECT_EQ(state.xattrs.at(0).value, "");
  EXPECT_EQ(state.xattrs.at(1).value, std::nullopt);
}

TEST_P(StagingTest, LaterRowsReplaceEarlierOnes) {
  auto first = session(1);
  first.dirents = {{.key = {InodeId{1}, "a"}, .inode = InodeId{7}}};
  first.xattrs = {{.key = {InodeId{7}, "user.a"}, .value = "1"}};
  write(first);
  StagingBatch second{.session = SessionId{1}, .row = std::nullopt};
  second.dirents = {{.key = {InodeId{1}, "a"}, .inode = InodeId{8}}};
  second.xattrs = {{.key = {InodeId{7}, "user.a"}, .value = std::nullopt}};
  write(second);

  const auto state = load().at(0);
  EXPECT_EQ(state.row.name, "nightly");
  ASSERT_THAT(state.dirents, SizeIs(1));
  EXPECT_EQ(state.dirents.at(0).inode, InodeId{8});
  EXPECT_EQ(state.xattrs.at(0).value, std::nullopt);
}

TEST_P(StagingTest, ForgottenRowsAreGoneAndAnInodeTakesItsXattrs) {
  auto batch = session(1);
  for (const std::uint64_t id : {7U, 8U}) {
    StagedInode inode;
    inode.record.id = InodeId{id};
    batch.inodes.push_back(inode);
    batch.dirents.push_back({.key = {InodeId{1}, std::to_string(id)}, .inode = InodeId{id}});
    batch.xattrs.push_back({.key = {InodeId{id}, "user.a"}, .value = "1"});
    batch.xattrs.push_back({.key = {InodeId{id}, "user.b"}, .value = "1"});
  }
  write(batch);
  StagingBatch forget{.session = SessionId{1}, .row = std::nullopt};
  forget.forget_inodes = {InodeId{7}};
  forget.forget_dirents = {{InodeId{1}, "7"}};
  forget.forget_xattrs = {{InodeId{8}, "user.b"}};
  write(forget);

  const auto state = load().at(0);
  ASSERT_THAT(state.inodes, SizeIs(1));
  EXPECT_EQ(state.inodes.at(0).record.id, InodeId{8});
  ASSERT_THAT(state.dirents, SizeIs(1));
  EXPECT_EQ(state.dirents.at(0).key.name, "8");
  ASSERT_THAT(state.xattrs, SizeIs(1));
  EXPECT_EQ(state.xattrs.at(0).key, (XattrKey{InodeId{8}, "user.a"}));
}

TEST_P(StagingTest, ReadsComeBackOnceEachUntilTheyAreForgotten) {
  auto batch = session(1);
  const StagedRead file{.kind = 1, .inode = InodeId{0xFFFF'FFFF'FFFF'FFFF}, .name = {}};
  const StagedRead absent{.kind = 3, .inode = InodeId{1}, .name = "\xFF"};
  const StagedRead other{.kind = 3, .inode = InodeId{1}, .name = "other"};
  batch.reads = {absent, other, file};
  write(batch);
  StagingBatch second{.session = SessionId{1}, .row = std::nullopt};
  second.reads = {file};
  second.forget_reads = {other};
  write(second);
  reopen();

  EXPECT_THAT(load().at(0).reads, ElementsAre(file, absent));
}

TEST_P(StagingTest, RowForgottenAndPutInOneBatchIsThere) {
  write(session(1));
  StagingBatch batch{.session = SessionId{1}, .row = std::nullopt};
  batch.forget_dirents = {{InodeId{1}, "a"}};
  batch.dirents = {{.key = {InodeId{1}, "a"}, .inode = InodeId{7}}};
  write(batch);

  EXPECT_THAT(load().at(0).dirents, SizeIs(1));
}

TEST_P(StagingTest, DroppedSessionLeavesNothingAndOthersAlone) {
  for (const std::uint64_t id : {1U, 2U}) {
    auto batch = session(id);
    batch.dirents = {{.key = {InodeId{1}, "a"}, .inode = InodeId{7}}};
    batch.reads = {{.kind = 1, .inode = InodeId{7}, .name = {}}};
    write(batch);
  }
  write({.session = SessionId{1}, .row = std::nullopt, .drop = true});

  ASSERT_THAT(load(), SizeIs(1));
  EXPECT_EQ(load().at(0).row.id, SessionId{2});
  write(session(1));
  EXPECT_THAT(load().at(0).dirents, IsEmpty());
  EXPECT_THAT(load().at(0).reads, IsEmpty());
}

TEST_P(StagingTest, SessionsComeById) {
  must(staging_->write({session(3), session(1), session(2)}, Durability::lazy));

  const auto states = load();
  ASSERT_THAT(states, SizeIs(3));
  EXPECT_EQ(states.at(0).row.id, SessionId{1});
  EXPECT_EQ(states.at(2).row.id, SessionId{3});
}

}  // namespace
}  // namespace commitfs::test
