#include <fcntl.h>
#include <unistd.h>

#include <latch>
#include <thread>

#include "meta/base/fault.h"
#include "meta/base/posix.h"
#include "tests/txn/tree/tree_test.h"

namespace commitfs::test {
namespace {

using OpenForWriting = TreeTest;

struct FaultGuard {
  explicit FaultGuard(fault::Handler handler) { fault::set_handler(std::move(handler)); }
  ~FaultGuard() { fault::set_handler({}); }
};

std::uint32_t writers(Session& session, InodeId inode) {
  return must(session.read([&](const SessionData& data) -> Result<std::uint32_t> {
    const ChangedInode* changed = data.changes.find_inode(inode);
    return changed == nullptr ? 0 : changed->writers;
  }));
}

bool is_untouched_body(Session& session, InodeId inode) {
  return must(session.read([&](const SessionData& data) -> Result<bool> {
    const ChangedInode* changed = data.changes.find_inode(inode);
    return is_untouched(*changed, TRY(data.context.store->stat(changed->record.object)));
  }));
}

TEST_F(OpenForWriting, CopiesUpOnceAndLeavesTheBaseAlone) {
  const InodeRecord before = inode("a");
  const auto body = must(tree::open_for_writing(session(), before.id, false));
  EXPECT_TRUE(body.staged);
  EXPECT_NE(body.object, before.object);
  EXPECT_EQ(must(tree::open_for_writing(session(), before.id, false)).object, body.object);
  ASSERT_OK(shell().append("a", "+"));
  EXPECT_EQ(must(shell().read("a")), "bytes+");
  EXPECT_EQ(read_object(*context_.store, before.object), "bytes");
  EXPECT_EQ(inode("a").id, before.id);
}

TEST_F(OpenForWriting, ByItselfChangesNoAttribute) {
  const InodeRecord before = inode("a");
  must(tree::open_for_writing(session(), before.id, false));
  const InodeRecord after = inode("a");
  EXPECT_EQ(after.mtime_ns, before.mtime_ns);
  EXPECT_EQ(after.atime_ns, before.atime_ns);
  EXPECT_EQ(after.ctime_ns, before.ctime_ns);
  EXPECT_EQ(after.size_bytes, before.size_bytes);
  EXPECT_TRUE(is_untouched_body(session(), before.id));
}

TEST_F(OpenForWriting, FirstWriteMovesTheTimes) {
  const InodeRecord before = inode("a");
  ASSERT_OK(shell().append("a", "+"));
  EXPECT_GT(inode("a").mtime_ns, before.mtime_ns);
  EXPECT_GT(inode("a").ctime_ns, before.ctime_ns);
  EXPECT_FALSE(is_untouched_body(session(), before.id));
}

TEST_F(OpenForWriting, OverwriteOfTheSameLengthIsSeen) {
  const InodeId id = inode("a").id;
  const auto body = must(tree::open_for_writing(session(), id, false));
  const UniqueFd fd = must(context_.store->open_body(body.object, O_WRONLY));
  ASSERT_EQ(::pwrite(fd.get(), "BYTES", 5, 0), 5);
  EXPECT_FALSE(is_untouched_body(session(), id));
}

TEST_F(OpenForWriting, TruncatingCopiesNothing) {
  const InodeId id = inode("a").id;
  bool cloned = false;
  const FaultGuard guard([&](std::string_view point) -> Result<void> {
    cloned = cloned || point == "objects.clone";
    return {};
  });
  must(tree::open_for_writing(session(), id, true));
  EXPECT_FALSE(cloned);
  EXPECT_EQ(inode("a").size_bytes, 0U);
  must(tree::open_for_writing(session(), inode("d/f").id, false));
  EXPECT_TRUE(cloned);
}

TEST_F(OpenForWriting, TruncatesABodyThatIsStagedAlready) {
  ASSERT_OK(shell().append("a", "+"));
  ASSERT_OK(shell().write("a", "x"));
  EXPECT_EQ(must(shell().read("a")), "x");
}

TEST_F(OpenForWriting, RefusesWhatIsNoRegularFile) {
  EXPECT_ERRNO(tree::open_for_writing(session(), inode("d").id, false), EISDIR);
  EXPECT_ERRNO(tree::open_for_writing(session(), inode("l").id, false), EINVAL);
  EXPECT_ERRNO(tree::open_for_writing(session(), InodeId{999'999}, false), ENOENT);
}

TEST_F(OpenForWriting, FailedCopyCountsNoWriterAndLeavesNoBody) {
  const std::size_t bodies = stored_bodies();
  const InodeId id = inode("a").id;
  {
    const FaultGuard guard([](std::string_view point) -> Result<void> {
      if (point == "objects.clone") return fail(ENOSPC, "full");
      return {};
    });
    EXPECT_ERRNO(tree::open_for_writing(session(), id, false), ENOSPC);
  }
  EXPECT_EQ(writers(session(), id), 0U);
  EXPECT_EQ(stored_bodies(), bodies);
  EXPECT_EQ(must(shell().read("a")), "bytes");
}

TEST_F(OpenForWriting, TwoCopyUpsAtOnceShareTheFirst) {
  const std::size_t bodies = stored_bodies();
  const InodeId id = inode("a").id;
  std::latch both_copied(2);
  std::latch first_installed(1);
  std::atomic<int> arrived = 0;
  std::atomic<bool> opened = false;
  const FaultGuard guard([&](std::string_view point) -> Result<void> {
    if (point != "open_for_writing.copied") return {};
    const int order = arrived++;
    both_copied.arrive_and_wait();
    if (order == 1) first_installed.wait();
    return {};
  });
  std::vector<ObjectId> objects(2);
  std::vector<std::thread> threads;
  for (ObjectId& object : objects) {
    threads.emplace_back([&] {
      object = must(tree::open_for_writing(session(), id, false)).object;
      if (!opened.exchange(true)) first_installed.count_down();
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(objects[0], objects[1]);
  EXPECT_EQ(writers(session(), id), 2U);
  EXPECT_EQ(stored_bodies(), bodies + 1);
}

TEST_F(OpenForWriting, LastReleaseWakesWhoWaitsForWriters) {
  const auto deadline = [] {
    return std::chrono::steady_clock::now() + std::chrono::milliseconds(1);
  };
  const InodeId id = inode("d/f").id;
  must(tree::open_for_writing(session(), id, false));
  must(tree::open_for_writing(session(), id, false));
  EXPECT_EQ(session().wait_for_writers(deadline()), std::vector<std::string>{"d/f"});
  tree::release_writer(session(), id);
  std::thread closer([&] { tree::release_writer(session(), id); });
  EXPECT_TRUE(session()
                  .wait_for_writers(std::chrono::steady_clock::now() + std::chrono::seconds(30))
                  .empty());
  closer.join();
}

TEST_F(OpenForWriting, WritersOfUnlinkedFilesAreNotWaitedFor) {
  must(tree::open_for_writing(session(), inode("a").id, false));
  ASSERT_OK(shell().unlink("a"));
  EXPECT_TRUE(session().wait_for_writers(std::chrono::steady_clock::now()).empty());
}

using Seal = TreeTest;

TEST_F(Seal, LastsUntilTheNextWriter) {
  ASSERT_OK(shell().append("a", "+"));
  const auto unsealed = session().unsealed_bodies();
  ASSERT_EQ(unsealed.size(), 1U);
  session().mark_sealed(unsealed[0].first, unsealed[0].second);
  EXPECT_TRUE(session().unsealed_bodies().empty());
  ASSERT_OK(shell().append("a", "+"));
  EXPECT_EQ(session().unsealed_bodies(), unsealed);
}

TEST_F(Seal, BegunBeforeAWriteDoesNotCoverIt) {
  ASSERT_OK(shell().append("a", "+"));
  const auto [id, object] = session().unsealed_bodies().front();
  const auto generation = session().begin_seal(id, object);
  ASSERT_TRUE(generation);
  ASSERT_OK(shell().append("a", "+"));
  session().mark_sealed(id, object, *generation);
  EXPECT_EQ(session().unsealed_bodies().size(), 1U);
  session().mark_sealed(id, object, session().begin_seal(id, object).value());
  EXPECT_TRUE(session().unsealed_bodies().empty());
}

TEST_F(Seal, DamageIsRememberedUntilTheBytesAreGone) {
  ASSERT_OK(shell().append("a", "+"));
  const auto [id, object] = session().unsealed_bodies().front();
  session().mark_damaged(id, object, EIO);
  EXPECT_EQ(session().damaged_bodies(), (std::vector<std::pair<InodeId, int>>{{id, EIO}}));
  ASSERT_OK(shell().append("a", "+"));
  EXPECT_EQ(session().damaged_bodies().size(), 1U);
  ASSERT_OK(shell().write("a", "anew"));
  EXPECT_TRUE(session().damaged_bodies().empty());
}

}  // namespace
}  // namespace commitfs::test
