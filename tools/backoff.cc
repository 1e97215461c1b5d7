#include "tools/backoff.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <random>
#include <utility>

namespace commitfs {

Backoff::Backoff(std::chrono::milliseconds first_bound, std::chrono::milliseconds limit,
                 Random random)
    : bound_(std::min(first_bound, limit)), limit_(limit), random_(std::move(random)) {}

std::chrono::milliseconds Backoff::next() {
  const double bound_ms = static_cast<double>(bound_.count());
  const auto delay_ms = static_cast<std::int64_t>(std::floor(random_() * bound_ms)) + 1;
  bound_ = std::min(2 * bound_, limit_);
  return std::chrono::milliseconds(delay_ms);
}

Backoff::Random make_random() {
  auto engine = std::make_shared<std::mt19937_64>(std::random_device{}());
  return [engine] { return std::uniform_real_distribution<double>(0, 1)(*engine); };
}

}  // namespace commitfs
