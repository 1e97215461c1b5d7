#include "txn/object_remover.h"

#include <spdlog/spdlog.h>

#include <exception>

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
  while (queue_.empty() && !stopping_)
    changed_.wait(mutex_);
  return std::exchange(queue_, {});
}

void ObjectRemover::run() {
  try {
    for (auto work = take(); !work.empty(); work = take())
      remove(work);
  } catch (const std::exception& error) {
    spdlog::error("bodies stay behind from now on: {}", error.what());
  }
}

Result<void> ObjectRemover::forget_sessions(const std::deque<Work>& work) const {
  std::vector<StagingBatch> drops;
  for (const Work& one : work) {
    if (one.session == SessionId::none) continue;
    StagingBatch batch;
    batch.session = one.session;
    batch.drop = true;
    drops.push_back(std::move(batch));
  }
  if (drops.empty()) return {};
  TRY(staging_->write(drops, Durability::now));
  return fault::point("discard.forgotten");
}

void ObjectRemover::remove(const std::deque<Work>& work) const {
  const auto forgotten = forget_sessions(work);
  if (!forgotten)
    spdlog::error("bodies of discarded sessions stay behind: {}", forgotten.error().describe());
  for (const Work& one : work) {
    if (!forgotten && one.session != SessionId::none) continue;
    for (const ObjectId object : one.objects) {
      const auto removed = store_->remove(object);
      if (!removed) spdlog::warn("a body stays behind: {}", removed.error().describe());
    }
  }
}

}  // namespace commitfs
