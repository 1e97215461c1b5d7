#include "tools/backoff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace commitfs {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;

std::vector<std::int64_t> pauses_ms(double drawn, int count) {
  Backoff backoff(milliseconds(20), milliseconds(100), [drawn] { return drawn; });
  std::vector<std::int64_t> pauses;
  for (int i = 0; i < count; ++i)
    pauses.push_back(backoff.next().count());
  return pauses;
}

TEST(Backoff, TheBoundDoublesUpToTheLimit) {
  EXPECT_THAT(pauses_ms(0.9999, 5), ElementsAre(20, 40, 80, 100, 100));
}

TEST(Backoff, IsSpreadOverAllUpToTheBound) {
  EXPECT_THAT(pauses_ms(0.5, 3), ElementsAre(11, 21, 41));
  EXPECT_THAT(pauses_ms(0, 3), ElementsAre(1, 1, 1));
}

TEST(Backoff, AFirstBoundAboveTheLimitIsTheLimit) {
  Backoff backoff(milliseconds(500), milliseconds(100), [] { return 0.9999; });
  EXPECT_EQ(backoff.next(), milliseconds(100));
}

TEST(MakeRandom, DrawsDifferentNumbersBelowOne) {
  const auto random = make_random();
  const double first = random(), second = random();
  EXPECT_NE(first, second);
  EXPECT_TRUE(0 <= first && first < 1 && 0 <= second && second < 1);
}

}  // namespace
}  // namespace commitfs
