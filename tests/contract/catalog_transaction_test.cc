#include <set>
#include <thread>

#include "meta/base/fault.h"
#include "tests/contract/catalog_forms.h"

// All or nothing, one at a time, and ids that never come twice.

namespace commitfs::test {
namespace {

constexpr SeqNo v(std::uint64_t seq_no) {
  return SeqNo{seq_no};
}

class CatalogTransactionTest : public CatalogTest {
 protected:
  ~CatalogTransactionTest() override { fault::set_handler({}); }
};
INSTANTIATE_FOR_EVERY_CATALOG(CatalogTransactionTest);

TEST_P(CatalogTransactionTest, SeesWhatItWroteAndNobodyElseDoes) {
  auto transaction = begin();
  must(transaction->put_inode(v(1), file(2, 5)));
  must(transaction->add_version(version(1), {}));

  EXPECT_EQ(must(transaction->find_inode(v(1), InodeId{2}))->size_bytes, 5U);
  EXPECT_EQ(must(transaction->head_seq_no()), v(1));
  EXPECT_EQ(must(catalog().find_inode(v(1), InodeId{2})), std::nullopt);
  EXPECT_EQ(must(catalog().head_seq_no()), SeqNo::none);
}

TEST_P(CatalogTransactionTest, SeesTheHeadAsItWasBesideWhatItWrote) {
  const DirentKey key{InodeId::root, "a"};
  commit_version(1, [&](auto& t) {
    must(t.put_inode(v(1), file(2, 1)));
    must(t.put_dirent(v(1), key, InodeId{2}));
    must(t.put_xattr(v(1), {InodeId{2}, "user.a"}, "1"));
  });

  auto transaction = begin();
  must(transaction->put_inode(v(2), file(2, 2)));
  must(transaction->remove_dirent(v(2), key));
  must(transaction->put_xattr(v(2), {InodeId{2}, "user.a"}, "2"));

  EXPECT_EQ(must(transaction->find_inode(v(1), InodeId{2}))->size_bytes, 1U);
  EXPECT_EQ(must(transaction->find_child(v(1), key.parent, key.name))->size_bytes, 1U);
  EXPECT_EQ(must(transaction->list(v(1), key.parent, "", 9)).size(), 1U);
  EXPECT_EQ(must(transaction->links_of(v(1), InodeId{2})).size(), 1U);
  EXPECT_EQ(must(transaction->find_xattr(v(1), InodeId{2}, "user.a")), "1");
  EXPECT_EQ(must(transaction->find_inode(v(2), InodeId{2}))->size_bytes, 2U);
  EXPECT_EQ(must(transaction->find_child(v(2), key.parent, key.name)), std::nullopt);
  EXPECT_EQ(must(transaction->list(v(2), key.parent, "", 9)).size(), 0U);
  EXPECT_EQ(must(transaction->find_xattr(v(2), InodeId{2}, "user.a")), "2");
}

TEST_P(CatalogTransactionTest, HoldsSeveralVersions) {
  auto transaction = begin();
  for (std::uint64_t seq_no = 1; seq_no <= 3; ++seq_no) {
    must(transaction->put_inode(v(seq_no), file(2, seq_no)));
    must(transaction->add_version(version(seq_no), {}));
  }
  must(transaction->commit());

  EXPECT_EQ(must(catalog().head_seq_no()), v(3));
  EXPECT_EQ(must(catalog().find_inode(v(1), InodeId{2}))->size_bytes, 1U);
  EXPECT_EQ(must(catalog().find_inode(v(2), InodeId{2}))->size_bytes, 2U);
}

TEST_P(CatalogTransactionTest, DestroyedBeforeCommitLeavesNothing) {
  {
    auto transaction = begin();
    must(transaction->put_inode(v(1), file(2)));
    must(transaction->put_group_head({InodeId{1}, "g"}, {v(1), ChangeKind::added, v(1)}));
    must(transaction->put_config("k", "value"));
    must(transaction->raise_term());
    must(transaction->add_version(version(1), {}));
  }

  EXPECT_EQ(must(catalog().head_seq_no()), SeqNo::none);
  EXPECT_EQ(must(catalog().find_inode(v(1), InodeId{2})), std::nullopt);
  EXPECT_EQ(must(catalog().group_head({InodeId{1}, "g"})), GroupHead{});
  EXPECT_EQ(must(catalog().find_config("k")), std::nullopt);
  EXPECT_EQ(must(catalog().current_term()), Term::none);
}

TEST_P(CatalogTransactionTest, RollsBackToTheSavepointAsOftenAsAsked) {
  auto transaction = begin();
  must(transaction->put_inode(v(1), file(2)));
  must(transaction->savepoint());
  for (const std::uint64_t id : {3U, 4U}) {
    must(transaction->put_inode(v(1), file(id)));
    must(transaction->put_config("k", "value"));
    must(transaction->add_version(version(1), {}));
    must(transaction->rollback_to_savepoint());
  }
  must(transaction->put_inode(v(1), file(5)));
  must(transaction->add_version(version(1), {}));
  must(transaction->commit());

  EXPECT_TRUE(must(catalog().find_inode(v(1), InodeId{2})));
  EXPECT_FALSE(must(catalog().find_inode(v(1), InodeId{3})));
  EXPECT_FALSE(must(catalog().find_inode(v(1), InodeId{4})));
  EXPECT_TRUE(must(catalog().find_inode(v(1), InodeId{5})));
  EXPECT_FALSE(must(catalog().find_config("k")));
}

TEST_P(CatalogTransactionTest, SecondSavepointReplacesTheFirst) {
  auto transaction = begin();
  must(transaction->savepoint());
  must(transaction->put_inode(v(1), file(2)));
  must(transaction->savepoint());
  must(transaction->put_inode(v(1), file(3)));
  must(transaction->rollback_to_savepoint());
  must(transaction->commit());

  EXPECT_TRUE(must(catalog().find_inode(v(1), InodeId{2})));
  EXPECT_FALSE(must(catalog().find_inode(v(1), InodeId{3})));
}

TEST_P(CatalogTransactionTest, RollbackWithoutSavepointIsEinval) {
  auto transaction = begin();
  EXPECT_ERRNO(transaction->rollback_to_savepoint(), EINVAL);
}

TEST_P(CatalogTransactionTest, IsOverAfterCommit) {
  auto transaction = begin();
  must(transaction->commit());

  EXPECT_ERRNO(transaction->commit(), EINVAL);
  EXPECT_ERRNO(transaction->put_inode(v(1), file(2)), EINVAL);
  EXPECT_ERRNO(transaction->head(), EINVAL);
}

TEST_P(CatalogTransactionTest, FailedCommitLeavesNothingAndLetsTheNextIn) {
  fault::set_handler([](std::string_view name) -> Result<void> {
    if (name == "catalog.before_commit") return fail(ENOSPC);
    return {};
  });
  auto transaction = begin();
  must(transaction->put_inode(v(1), file(2)));
  EXPECT_ERRNO(transaction->commit(), ENOSPC);
  fault::set_handler({});

  auto next = begin();
  EXPECT_FALSE(must(next->find_inode(v(1), InodeId{2})));
}

TEST_P(CatalogTransactionTest, TransactionsOfManyThreadsFollowEachOther) {
  constexpr int kThreads = 4, kEach = 25;
  std::vector<std::jthread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < kEach; ++j) {
        auto transaction = begin();
        const auto next = raw(must(transaction->head_seq_no())) + 1;
        auto record = version(next);
        record.session_id = SessionId::none;
        must(transaction->put_inode(SeqNo{next}, file(2, next)));
        must(transaction->add_version(record, {}));
        must(transaction->commit());
        // A version that is there stays as it is, whatever commits meanwhile.
        EXPECT_EQ(must(catalog().find_inode(SeqNo{next}, InodeId{2}))->size_bytes, next);
        EXPECT_EQ(must(catalog().find_inode(SeqNo{1}, InodeId{2}))->size_bytes, 1U);
      }
    });
  }
  threads.clear();

  EXPECT_EQ(must(catalog().head_seq_no()), v(kThreads * kEach));
}

TEST_P(CatalogTransactionTest, IdsBeginAfterTheRootAndNeverComeTwice) {
  EXPECT_EQ(must(catalog().reserve_ids(IdKind::inode, 1)), 2U);
  EXPECT_EQ(must(catalog().reserve_ids(IdKind::object, 1)), 1U);
  EXPECT_EQ(must(catalog().reserve_ids(IdKind::session, 10)), 1U);
  EXPECT_GE(must(catalog().reserve_ids(IdKind::session, 1)), 11U);
  EXPECT_GE(must(catalog().reserve_ids(IdKind::inode, 1'000'000)), 3U);
  EXPECT_GE(must(catalog().reserve_ids(IdKind::inode, 1)), 3U);
  reopen();

  EXPECT_GE(must(catalog().reserve_ids(IdKind::object, 1)), 2U);
  EXPECT_GE(must(catalog().reserve_ids(IdKind::inode, 1)), 1'000'003U);
}

TEST_P(CatalogTransactionTest, ReservingNoIdsOrAllOfThemIsEinval) {
  EXPECT_ERRNO(catalog().reserve_ids(IdKind::inode, 0), EINVAL);
  EXPECT_ERRNO(catalog().reserve_ids(IdKind::inode, UINT64_MAX), EINVAL);
}

TEST_P(CatalogTransactionTest, IdsReservedByManyThreadsDiffer) {
  constexpr std::uint64_t kThreads = 4, kEach = 500, kCount = 7;
  std::vector<std::vector<std::uint64_t>> firsts(kThreads);
  {
    std::vector<std::jthread> threads;
    for (auto& mine : firsts) {
      threads.emplace_back([&] {
        for (std::uint64_t i = 0; i < kEach; ++i)
          mine.push_back(must(catalog().reserve_ids(IdKind::object, kCount)));
      });
    }
  }

  std::set<std::uint64_t> ids;
  for (const auto& mine : firsts) {
    for (const auto first : mine) {
      for (std::uint64_t id = first; id < first + kCount; ++id)
        ids.insert(id);
    }
  }
  EXPECT_EQ(ids.size(), kThreads * kEach * kCount);
}

}  // namespace
}  // namespace commitfs::test
