#include "meta/base/turn.h"

#include <cerrno>

namespace commitfs {

Result<TurnQueue::Turn> TurnQueue::take(Deadline deadline) {
  MutexLock lock(mutex_);
  const auto place = waiting_.insert(waiting_.end(), next_ticket_++);
  while (taken_ || waiting_.front() != *place) {
    if (changed_.wait_until(mutex_, deadline)) continue;
    if (!taken_ && waiting_.front() == *place) break;
    waiting_.erase(place);
    changed_.notify_all();
    return fail(EAGAIN, "wait for the writer's turn");
  }
  waiting_.erase(place);
  taken_ = true;
  return Turn(this);
}

void TurnQueue::give_back() {
  MutexLock lock(mutex_);
  taken_ = false;
  changed_.notify_all();
}

}  // namespace commitfs
