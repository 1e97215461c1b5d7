#pragma once

#include <chrono>
#include <cstdint>
#include <list>

#include "meta/base/error.h"
#include "meta/base/mutex.h"

namespace commitfs {

/// Lets one holder in at a time, in the order in which they asked. Unlike a Mutex it is fair, may
/// be held across an fsync, may be given back by another thread, and asking for it ends at a
/// deadline. Thread-safe.
class TurnQueue {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  /// Holding it is having the turn; must not outlive its queue. Move-only.
  class Turn {
   public:
    Turn(Turn&& other) noexcept : queue_(std::exchange(other.queue_, nullptr)) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn() {
      if (queue_ != nullptr) queue_->give_back();
    }

   private:
    friend class TurnQueue;
    explicit Turn(TurnQueue* queue) : queue_(queue) {}
    TurnQueue* queue_;
  };

  /// Waits for the turn. Errors: EAGAIN when the deadline passed first.
  Result<Turn> take(Deadline deadline) EXCLUDES(mutex_);

 private:
  void give_back() EXCLUDES(mutex_);

  Mutex mutex_;
  ConditionVariable changed_;
  bool taken_ GUARDED_BY(mutex_) = false;
  std::uint64_t next_ticket_ GUARDED_BY(mutex_) = 0;
  std::list<std::uint64_t> waiting_ GUARDED_BY(mutex_);  ///< tickets, oldest first
};

}  // namespace commitfs
