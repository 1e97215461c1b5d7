#include "meta/base/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <cerrno>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "meta/base/mutex.h"
#include "tests/support/result.h"

namespace commitfs {
namespace {

TEST(ForEachInParallel, TakesEachIndexOnce) {
  std::vector<std::atomic<int>> taken(100);
  EXPECT_OK(for_each_in_parallel(taken.size(), 4, [&](std::size_t index) -> Result<void> {
    ++taken[index];
    return {};
  }));
  for (const auto& count : taken)
    EXPECT_EQ(count, 1);
}

TEST(ForEachInParallel, ThreadsWaitSideBySide) {
  // Nobody gets past the barrier before all three are there.
  std::barrier together(3);
  EXPECT_OK(for_each_in_parallel(3, 3, [&](std::size_t) -> Result<void> {
    together.arrive_and_wait();
    return {};
  }));
}

TEST(ForEachInParallel, OneThingIsDoneByTheCaller) {
  std::thread::id by;
  EXPECT_OK(for_each_in_parallel(1, 4, [&](std::size_t) -> Result<void> {
    by = std::this_thread::get_id();
    return {};
  }));
  EXPECT_EQ(by, std::this_thread::get_id());
  EXPECT_OK(for_each_in_parallel(0, 4, [](std::size_t) -> Result<void> { return fail(EIO); }));
}

TEST(ForEachInParallel, AnswersTheFirstErrorAndBeginsNothingMore) {
  std::atomic<int> begun = 0;
  const auto result = for_each_in_parallel(1000, 1, [&](std::size_t index) -> Result<void> {
    ++begun;
    if (index >= 3) return fail(ENOSPC, std::to_string(index));
    return {};
  });
  EXPECT_ERRNO(result, ENOSPC);
  EXPECT_EQ(result.error().context, "3");
  EXPECT_EQ(begun, 4);
}

TEST(ForEachInParallel, OfSeveralErrorsTheOneOfTheSmallestIndexCounts) {
  std::barrier together(2);
  const auto result = for_each_in_parallel(2, 2, [&](std::size_t index) -> Result<void> {
    together.arrive_and_wait();
    return fail(index == 0 ? ENOSPC : EIO);
  });
  EXPECT_ERRNO(result, ENOSPC);
}

TEST(ForEachInParallel, WhatIsThrownIsAnError) {
  EXPECT_ERRNO(for_each_in_parallel(
                   2, 2, [](std::size_t) -> Result<void> { throw std::runtime_error("no"); }),
               EIO);
  EXPECT_ERRNO(
      for_each_in_parallel(2, 2, [](std::size_t) -> Result<void> { throw std::bad_alloc(); }),
      ENOMEM);
}

}  // namespace
}  // namespace commitfs
