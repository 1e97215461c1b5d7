#include "txn/object_remover.h"

#include <spdlog/spdlog.h>

#include <exception>
#include <utility>

namespace commitfs {

ObjectRemover::ObjectRemover(std::shared_ptr<ObjectStore> store)
    : store_(std::move(store)), thread_([this] { run(); }) {}

ObjectRemover::~ObjectRemover() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void ObjectRemover::enqueue(std::vector<ObjectId> objects) {
  {
    MutexLock lock(mutex_);
    queue_.insert(queue_.end(), objects.begin(), objects.end());
  }
  changed_.notify_one();
}

std::vector<ObjectId> ObjectRemover::take() {
  MutexLock lock(mutex_);
  while (queue_.empty() && !stopping_)
    changed_.wait(mutex_);
  return std::exchange(queue_, {});
}

void ObjectRemover::run() {
  try {
    for (auto objects = take(); !objects.empty(); objects = take())
      remove(objects);
  } catch (const std::exception& error) {
    spdlog::error("bodies stay behind from now on: {}", error.what());
  }
}

void ObjectRemover::remove(const std::vector<ObjectId>& objects) const {
  for (const ObjectId object : objects) {
    const auto removed = store_->remove(object);
    if (!removed) spdlog::warn("a body stays behind: {}", removed.error().describe());
  }
}

}  // namespace commitfs
