#include "txn/file_time.h"

#include <gtest/gtest.h>

namespace commitfs {
namespace {

TEST(FileTime, IsTheSameThereAndBack) {
  for (const timespec time : {timespec{.tv_sec = 0, .tv_nsec = 0},
                              timespec{.tv_sec = 1'700'000'000, .tv_nsec = 999'999'999},
                              timespec{.tv_sec = -1, .tv_nsec = 1}}) {
    const timespec back = to_timespec(to_ns(time));
    EXPECT_EQ(back.tv_sec, time.tv_sec);
    EXPECT_EQ(back.tv_nsec, time.tv_nsec);
  }
}

TEST(FileTime, BeyondWhatCanBeCountedIsTheNearestThatCan) {
  const TimeNs latest = to_ns({.tv_sec = 99'999'999'999, .tv_nsec = 0});
  EXPECT_GT(latest, to_ns({.tv_sec = 9'000'000'000, .tv_nsec = 0}));
  EXPECT_EQ(latest, to_ns({.tv_sec = 9'300'000'000, .tv_nsec = 0}));
  EXPECT_LT(to_ns({.tv_sec = -99'999'999'999, .tv_nsec = 0}),
            to_ns({.tv_sec = -9'000'000'000, .tv_nsec = 0}));
}

}  // namespace
}  // namespace commitfs
