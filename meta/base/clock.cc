#include "meta/base/clock.h"

#include <ctime>

namespace commitfs {
namespace {

class SystemClock final : public Clock {
 public:
  TimeNs now_ns() const override {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return TimeNs{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
  }
};

}  // namespace

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

}  // namespace commitfs
