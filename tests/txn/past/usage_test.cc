// What versions take: compared with what is really in them, and with what really goes when one of
// them expires.
#include "txn/past/usage.h"

#include <gmock/gmock.h>

#include <fstream>
#include <future>
#include <map>
#include <set>

#include "meta/base/fault.h"
#include "tests/support/result.h"
#include "tests/support/seed.h"
#include "tests/support/table_fixture.h"
#include "tests/support/temporary_directory.h"
#include "txn/past/expiry.h"
#include "txn/table.h"

namespace commitfs::past {
namespace {

using test::must;

constexpr Caller kMaker{.uid = 0, .gid = 0, .pid = 1, .umask = 022};

class UsageTest : public ::testing::Test {
 protected:
  UsageTest() {
    std::ofstream(directory_ / "adopted") << "12345";
    std::ofstream(directory_ / "empty");
    must(Table::init(directory_.path()));
    table_ = must(Table::open(directory_.path()));
  }

  template <typename Work>
  SeqNo commit(Work work) {
    test::Shell shell(must(table_->sessions().begin("s", kMaker)), kMaker);
    work(shell);
    std::promise<CommitOutcome> answer;
    table_->sessions().commit("s", "s", kMaker,
                              [&](const CommitOutcome& outcome) { answer.set_value(outcome); });
    const CommitOutcome outcome = answer.get_future().get();
    EXPECT_EQ(outcome.error, 0);
    return outcome.version;
  }
  Usage usage(const std::set<SeqNo>& together = {}) {
    return must(read_usage(directory_.path(), together));
  }
  VersionUsage usage_of(std::uint64_t version) {
    for (const VersionUsage& one : usage().versions) {
      if (raw(one.version) == version) return one;
    }
    return {};
  }

  /// The bodies of a version, by walking through it.
  std::map<ObjectId, std::uint64_t> bodies_of(SeqNo version, std::uint64_t& files) {
    std::map<ObjectId, std::uint64_t> bodies;
    std::set<InodeId> seen;
    const auto tree = make_snapshot_tree(table_->context().catalog, version);
    for (const auto& entry : must(tree->list(InodeId::root, "", 1000))) {
      const InodeRecord& inode = entry.attributes.inode;
      if (!inode.is_regular() || !seen.insert(inode.id).second) continue;
      ++files;
      if (inode.object != ObjectId::none) bodies[inode.object] = inode.size_bytes;
    }
    return bodies;
  }
  /// Bytes of all bodies that are in the store.
  std::uint64_t stored_bytes() {
    std::uint64_t bytes = 0;
    const auto objects = directory_ / ".commitfs/objects";
    for (const auto& entry : std::filesystem::recursive_directory_iterator(objects))
      bytes += entry.is_regular_file() ? entry.file_size() : 0;
    return bytes;
  }

  test::TemporaryDirectory directory_;
  std::unique_ptr<Table> table_;
};

TEST_F(UsageTest, TellsWhatOnlyOneVersionHasFromWhatItShares) {
  commit([](test::Shell& s) {
    must(s.create("a", "22"));
    must(s.create("b", "333"));
  });
  commit([](test::Shell& s) {
    must(s.unlink("a"));
    must(s.create("c", "4444"));
  });
  EXPECT_EQ(usage_of(1).files, 2U);
  EXPECT_EQ(usage_of(1).bytes, 5U);
  EXPECT_EQ(usage_of(1).unique_bytes, 0U);
  EXPECT_EQ(usage_of(2).files, 4U);
  EXPECT_EQ(usage_of(2).bytes, 10U);
  EXPECT_EQ(usage_of(2).unique_bytes, 2U);
  EXPECT_EQ(usage_of(2).shared_bytes(), 8U);
  EXPECT_EQ(usage_of(3).bytes, 12U);
  EXPECT_EQ(usage_of(3).unique_bytes, 4U);
  EXPECT_EQ(usage().bytes, 14U);
  EXPECT_EQ(usage().together_bytes, 0U);
  EXPECT_EQ(usage({SeqNo{2}, SeqNo{3}}).together_bytes, 9U);
  EXPECT_EQ(usage({SeqNo{1}, SeqNo{2}, SeqNo{3}}).together_bytes, 14U);
}

TEST_F(UsageTest, NeitherLinksNorAttributesNorANewNameMakeABodyTwo) {
  commit([](test::Shell& s) {
    must(s.create("a", "22"));
    must(s.link("a", "b"));
  });
  commit([](test::Shell& s) {
    must(s.setattr("a", {.mode = 0600}));
    must(s.rename("b", "c"));
  });
  EXPECT_EQ(usage_of(3).files, 3U);
  EXPECT_EQ(usage_of(3).bytes, 7U);
  EXPECT_EQ(usage_of(2).unique_bytes, 0U);
  EXPECT_EQ(usage().bytes, 7U);
}

TEST_F(UsageTest, OfRemovedVersionsStaysNothingOnceItIsTakenAway) {
  commit([](test::Shell& s) { must(s.create("a", "22")); });
  commit([](test::Shell& s) { must(s.unlink("a")); });
  fault::set_handler([](std::string_view point) -> Result<void> {
    return point == "expiry.removed" ? fail(EIO, "crashed") : Result<void>();
  });
  EXPECT_FALSE(table_->expiry().expire(Retention{.keep_last = 1}));
  fault::set_handler({});
  EXPECT_EQ(usage().unseen_bytes, 2U);
  must(table_->expiry().collect());
  EXPECT_EQ(usage().unseen_bytes, 0U);
  EXPECT_EQ(usage().versions.size(), 1U);
  EXPECT_EQ(usage().bytes, 5U);
}

TEST_F(UsageTest, WhatIsSaidToGoGoes) {
  test::Seed seed;
  const auto below = [&](std::uint64_t count) { return seed.engine() % count; };
  for (int round = 0; round < 40; ++round) {
    commit([&](test::Shell& s) {
      for (const std::string name : {"f1", "f2", "f3", "f4", "f5"}) {
        if (below(2) == 0) continue;
        if (s.stat(name)) must(s.unlink(name));
        if (below(3) > 0) must(s.create(name, std::string(1 + below(99), 'x')));
      }
      must(s.write("always", std::string(1 + below(9), 'y')));
    });
    const Usage before = usage();
    ASSERT_EQ(before.bytes, stored_bytes());
    for (const VersionUsage& one : before.versions) {
      std::uint64_t files = 0;
      std::uint64_t bytes = 0;
      for (const auto& [id, size] : bodies_of(one.version, files))
        bytes += size;
      ASSERT_EQ(one.files, files) << raw(one.version);
      ASSERT_EQ(one.bytes, bytes) << raw(one.version);
    }
    if (before.versions.size() < 4) continue;
    const VersionUsage gone = before.versions[below(before.versions.size() - 1)];
    must(table_->expiry().expire(gone.version));
    must(table_->expiry().collect());
    ASSERT_EQ(stored_bytes(), before.bytes - gone.unique_bytes) << raw(gone.version);
  }
}

}  // namespace
}  // namespace commitfs::past
