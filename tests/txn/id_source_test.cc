#include "txn/id_source.h"

#include <algorithm>
#include <thread>
#include <vector>

#include "meta/memory_catalog.h"
#include "tests/support/result.h"

namespace commitfs::test {
namespace {

TEST(IdSource, CountsUpWithinABlockAndNeverRepeatsAcrossSources) {
  const std::shared_ptr<Catalog> catalog = make_memory_catalog();
  IdSource first(catalog);
  const InodeId one = must(first.next_inode());
  EXPECT_GT(one, InodeId::root);
  EXPECT_EQ(raw(must(first.next_inode())), raw(one) + 1);
  IdSource second(catalog);
  const InodeId other = must(second.next_inode());
  EXPECT_NE(other, InodeId{raw(one) + 2});
  EXPECT_NE(must(first.next_inode()), other);
}

TEST(IdSource, KindsCountForThemselves) {
  IdSource ids(make_memory_catalog());
  EXPECT_EQ(must(ids.next_object()), ObjectId{1});
  EXPECT_EQ(must(ids.next_session()), SessionId{1});
  EXPECT_EQ(must(ids.next_inode()), InodeId{2});
}

TEST(IdSource, ThreadsNeverShareAnId) {
  constexpr std::size_t kThreads = 4;
  constexpr std::size_t kEach = 20'000;  // several blocks
  IdSource ids(make_memory_catalog());
  std::vector<std::vector<ObjectId>> taken(kThreads);
  std::vector<std::thread> threads;
  for (auto& mine : taken) {
    threads.emplace_back([&] {
      for (std::size_t i = 0; i < kEach; ++i)
        mine.push_back(must(ids.next_object()));
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  std::vector<ObjectId> all;
  for (const auto& mine : taken)
    all.insert(all.end(), mine.begin(), mine.end());
  std::ranges::sort(all);
  EXPECT_EQ(std::ranges::adjacent_find(all), all.end());
}

}  // namespace
}  // namespace commitfs::test
