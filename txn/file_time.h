#pragma once

#include <ctime>
#include <limits>

#include "meta/base/clock.h"

namespace commitfs {

/// Times that nanoseconds cannot count, before 1677 and after 2262, become the nearest that they
/// can, as file systems do with what they cannot store.
inline TimeNs to_ns(const timespec& time) {
  constexpr TimeNs kSecond = 1'000'000'000;
  constexpr TimeNs kMaxSeconds = std::numeric_limits<TimeNs>::max() / kSecond - 1;
  if (time.tv_sec > kMaxSeconds) return kMaxSeconds * kSecond;
  if (time.tv_sec < -kMaxSeconds) return -kMaxSeconds * kSecond;
  return TimeNs{time.tv_sec} * kSecond + time.tv_nsec;
}

/// Times before 1970 too: tv_nsec is never negative.
inline timespec to_timespec(TimeNs time_ns) {
  constexpr TimeNs kSecond = 1'000'000'000;
  const TimeNs rest = (time_ns % kSecond + kSecond) % kSecond;
  return {.tv_sec = (time_ns - rest) / kSecond, .tv_nsec = rest};
}

}  // namespace commitfs
