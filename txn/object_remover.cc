#include "txn/object_remover.h"

#include <exception>

#include <spdlog/spdlog.h>

#include "meta/base/fault.h"

namespace commitfs {

ObjectRemover::ObjectRemover(std::shared_ptr<ObjectStore> store, std::shared_ptr<Staging> staging)
    : store_(std::move(store)), staging_(std::move(staging)), thread_([this] { run(); }) {}

ObjectRemover::~ObjectRemover() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void ObjectRemover::enqueue(SessionId session, std::vector<ObjectId> objects) {
  if (objects.empty()) return;
  {
    MutexLock lock(mutex_);
    queue_.push_back({session, std::move(objects)});
  }
  changed_.notify_one();
}

std::deque<ObjectRemover::Work> ObjectRemover::take() {
  MutexLock lock(mutex_);
  while (queue_.empty() && !stopping_) changed_.wait(mutex_);
  return std::exchange(queue_, {});
}

void ObjectRemover::run() {
  try {
    for (auto work = take(); !work.empty(); work = take()) remove(work);
  } catch (const std::exception& error) {
    spdlog::error("bodies of discarded sessions stay behind from now on: {}", error.what());
  }
}

void ObjectRemover::remove(const std::deque<Work>& work) const {
  std::vector<StagingBatch> drops;
  for (const Work& one : work) {
    StagingBatch batch;
    batch.session = one.session;
    batch.drop = true;
    drops.push_back(std::move(batch));
  }
  auto forgotten = staging_->write(drops, Durability::now);
  if (forgotten) forgotten = fault::point("discard.forgotten");
  if (!forgotten) {
    spdlog::error("bodies of {} discarded sessions stay behind: {}", work.size(), forgotten.error().describe());
    return;
  }
  for (const Work& one : work) {
    for (const ObjectId object : one.objects) {
      const auto removed = store_->remove(object);
      if (!removed) spdlog::warn("a discarded body stays behind: {}", removed.error().describe());
    }
  }
}

}  // namespace commitfs
