#include "txn/sealer.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <exception>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "meta/base/mutex.h"
#include "txn/session.h"

namespace commitfs {
namespace {

using Time = std::chrono::steady_clock::time_point;

/// Bodies closed one after the other are synced together, and short-lived ones not at all: a sync
/// begins when no body was closed for a moment. A sync holds up whoever writes, so that it comes
/// seldom while many files are made; what is left then to a commit is what was closed last.
constexpr auto kQuietTime = std::chrono::milliseconds(20);
constexpr auto kLongestWait = std::chrono::milliseconds(500);

struct Request {
  std::weak_ptr<Session> session;
  InodeId inode = InodeId::none;
  ObjectId object = ObjectId::none;
};

struct Sealing {
  std::shared_ptr<Session> session;
  InodeId inode = InodeId::none;
  ObjectId object = ObjectId::none;
  std::uint32_t generation = 0;
};

}  // namespace

bool means_lost_bytes(int error) {
  return error != ENOENT && error != EMFILE && error != ENFILE && error != ENOMEM && error != EINTR;
}

class Sealer::Impl {
 public:
  explicit Impl(std::shared_ptr<ObjectStore> store)
      : store_(std::move(store)), thread_([this] { run(); }) {}

  ~Impl() { stop(); }

  void stop() EXCLUDES(mutex_) {
    {
      MutexLock lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

  void enqueue(Request request) EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    if (stopping_) return;
    last_closed_ = std::chrono::steady_clock::now();
    queue_.push_back(std::move(request));
    if (queue_.size() == 1) changed_.notify_all();
  }

 private:
  void run() {
    while (true) {
      const std::vector<Request> requests = wait_for_requests();
      if (requests.empty()) return;
      try {
        std::vector<Sealing> batch;
        for (const Request& request : requests)
          add(request, batch);
        seal(batch);
      } catch (const std::exception& error) {
        spdlog::error("{} bodies are left to their commits: {}", requests.size(), error.what());
      }
    }
  }

  /// Empty when it is time to stop.
  std::vector<Request> wait_for_requests() EXCLUDES(mutex_) {
    MutexLock lock(mutex_);
    while (queue_.empty() && !stopping_)
      changed_.wait(mutex_);
    const Time latest = std::chrono::steady_clock::now() + kLongestWait;
    while (!stopping_) {
      const Time settled = std::min(last_closed_ + kQuietTime, latest);
      if (std::chrono::steady_clock::now() >= settled) break;
      changed_.wait_until(mutex_, settled);
    }
    if (stopping_) return {};
    return std::exchange(queue_, {});
  }

  static void add(const Request& request, std::vector<Sealing>& batch) {
    auto session = request.session.lock();
    if (!session) return;
    const auto generation = session->begin_seal(request.inode, request.object);
    if (generation)
      batch.push_back({std::move(session), request.inode, request.object, *generation});
  }

  void seal(std::span<const Sealing> batch) const {
    if (batch.empty()) return;
    std::vector<ObjectId> objects;
    objects.reserve(batch.size());
    for (const Sealing& one : batch)
      objects.push_back(one.object);
    const auto sealed = store_->seal(objects);
    if (sealed) {
      for (const Sealing& one : batch)
        one.session->mark_sealed(one.inode, one.object, one.generation);
      return;
    }
    if (means_lost_bytes(sealed.error().code)) {
      // Which of them lost bytes is not known, and asking again would be answered with success.
      for (const Sealing& one : batch)
        one.session->mark_damaged(one.inode, one.object, sealed.error().code);
      spdlog::error("seal {} bodies: {}", batch.size(), sealed.error().describe());
      return;
    }
    if (batch.size() == 1) {
      spdlog::debug("seal object {}: {}", raw(batch.front().object), sealed.error().describe());
      return;
    }
    seal(batch.first(batch.size() / 2));
    seal(batch.subspan(batch.size() / 2));
  }

  const std::shared_ptr<ObjectStore> store_;
  Mutex mutex_;
  ConditionVariable changed_;
  std::vector<Request> queue_ GUARDED_BY(mutex_);
  Time last_closed_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: it uses all of the above
};

Sealer::Sealer(std::shared_ptr<ObjectStore> store)
    : impl_(std::make_unique<Impl>(std::move(store))) {}
Sealer::~Sealer() = default;

void Sealer::stop() {
  impl_->stop();
}

void Sealer::enqueue(std::weak_ptr<Session> session, InodeId inode, ObjectId object) {
  impl_->enqueue({std::move(session), inode, object});
}

}  // namespace commitfs
