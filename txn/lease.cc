#include "txn/lease.h"

#include <ctime>

namespace commitfs {
namespace {

class RunningClock final : public Clock {
 public:
  TimeNs now_ns() const override {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return TimeNs{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
  }
};

}  // namespace

const Clock& running_clock() {
  static const RunningClock clock;
  return clock;
}

}  // namespace commitfs
