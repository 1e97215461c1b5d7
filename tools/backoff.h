#pragma once

#include <chrono>
#include <functional>

namespace commitfs {

/// How long to wait before the next try: at random between nothing and a bound that doubles from
/// try to try up to a limit, so that those who collided once do not meet again.
/// Source: M. Brooker, "Exponential Backoff And Jitter" ("full jitter"). Not thread-safe.
class Backoff {
 public:
  /// At random, at least 0 and less than 1.
  using Random = std::function<double()>;

  Backoff(std::chrono::milliseconds first_bound, std::chrono::milliseconds limit, Random random);
  /// Between 1 ms and the bound.
  std::chrono::milliseconds next();

 private:
  std::chrono::milliseconds bound_;
  const std::chrono::milliseconds limit_;
  const Random random_;
};

/// Seeded by the system.
Backoff::Random make_random();

}  // namespace commitfs
