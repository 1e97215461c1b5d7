#pragma once

#include <atomic>

#include "meta/base/clock.h"

namespace commitfs {

/// Nanoseconds that the machine has run: nobody sets it, and it stands still while the machine
/// sleeps. Its zero means nothing.
const Clock& running_clock();

/// Whether anybody still has use for a session. Nobody has to send heartbeats: what programs do in
/// it tells. An open file or directory holds it for as long as it is open; a name looked up, any
/// change, and a commit that is refused use it for the moment. Looking at its attributes or its
/// control files does not.
/// Thread-safe, without a lock.
/// Source: Gray & Cheriton 1989 (leases); Apache Hudi's heartbeats of writers.
class Lease {
 public:
  /// Begins as used now.
  explicit Lease(const Clock& clock) : clock_(clock), last_used_ns_(clock.now_ns()) {}

  void touch() { last_used_ns_.store(clock_.now_ns(), std::memory_order_relaxed); }
  void hold() { holds_.fetch_add(1, std::memory_order_relaxed); }
  void let_go() {
    touch();
    holds_.fetch_sub(1, std::memory_order_release);  // who sees it gone sees when
  }

  /// Open files and directories.
  std::uint32_t holds() const { return holds_.load(std::memory_order_acquire); }
  /// How long nobody has used it; nothing while it is held.
  TimeNs unused_ns() const {
    if (holds() > 0) return 0;
    return clock_.now_ns() - last_used_ns_.load(std::memory_order_relaxed);
  }

 private:
  const Clock& clock_;
  std::atomic<TimeNs> last_used_ns_;
  std::atomic<std::uint32_t> holds_ = 0;
};

}  // namespace commitfs
