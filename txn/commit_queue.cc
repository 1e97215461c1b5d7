#include "txn/commit_queue.h"

#include <utility>

#include "meta/base/fault.h"

namespace commitfs {

void CommitQueue::push(Job&& job) {
  if (!add(std::move(job))) {
    (void)fault::point("commit.queued");  // it is taken over: too late to fail
    return;
  }
  for (auto batch = take(); !batch.empty(); batch = take())
    commit_(batch);
}

bool CommitQueue::add(Job&& job) {
  MutexLock lock(mutex_);
  queued_.push_back(std::move(job));
  return !std::exchange(committing_, true);
}

std::vector<CommitQueue::Job> CommitQueue::take() {
  MutexLock lock(mutex_);
  committing_ = !queued_.empty();
  return std::exchange(queued_, {});  // needs no memory, so that no job is lost for want of it
}

}  // namespace commitfs
