#include "meta/base/turn.h"

#include <thread>
#include <vector>

#include "tests/support/result.h"

namespace commitfs::test {
namespace {

TurnQueue::Deadline in(std::chrono::milliseconds time) {
  return std::chrono::steady_clock::now() + time;
}
constexpr std::chrono::seconds kLong{30};

TEST(TurnQueueTest, SecondWaitsUntilTheDeadlineAndGetsEagain) {
  TurnQueue queue;
  const auto turn = must(queue.take(in(kLong)));
  EXPECT_ERRNO(queue.take(in(std::chrono::milliseconds(1))), EAGAIN);
}

TEST(TurnQueueTest, NextGetsItWhenItIsGivenBack) {
  TurnQueue queue;
  {
    const auto turn = must(queue.take(in(kLong)));
  }
  EXPECT_OK(queue.take(in(std::chrono::milliseconds(0))));
}

TEST(TurnQueueTest, WhoGaveUpDoesNotHoldUpTheOthers) {
  TurnQueue queue;
  {
    const auto turn = must(queue.take(in(kLong)));
    EXPECT_ERRNO(queue.take(in(std::chrono::milliseconds(1))), EAGAIN);
  }
  EXPECT_OK(queue.take(in(kLong)));
}

TEST(TurnQueueTest, OnlyOneHasIt) {
  TurnQueue queue;
  int unguarded = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int j = 0; j < 1000; ++j) {
          const auto turn = must(queue.take(in(kLong)));
          ++unguarded;
        }
      });
    }
  }
  EXPECT_EQ(unguarded, 4000);
}

}  // namespace
}  // namespace commitfs::test
