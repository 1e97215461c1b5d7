#pragma once

#include <ctime>

#include "meta/base/clock.h"

namespace commitfs {

inline TimeNs to_ns(const timespec& time) { return TimeNs{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

/// Times before 1970 too: tv_nsec is never negative.
inline timespec to_timespec(TimeNs time_ns) {
  constexpr TimeNs kSecond = 1'000'000'000;
  const TimeNs rest = (time_ns % kSecond + kSecond) % kSecond;
  return {.tv_sec = (time_ns - rest) / kSecond, .tv_nsec = rest};
}

}  // namespace commitfs
