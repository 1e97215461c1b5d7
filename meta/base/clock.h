#pragma once

#include <cstdint>

namespace commitfs {

/// Nanoseconds since 1970-01-01T00:00:00Z.
using TimeNs = std::int64_t;

/// The time of day, replaceable by tests. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimeNs now_ns() const = 0;
};

/// CLOCK_REALTIME.
const Clock& system_clock();

}  // namespace commitfs
