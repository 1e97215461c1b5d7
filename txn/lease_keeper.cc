#include "txn/lease_keeper.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <exception>

#include "txn/config/config_store.h"

namespace commitfs {
namespace {

/// How often leases are looked at: a few times within a session_ttl.
constexpr std::chrono::nanoseconds kShortestPause = std::chrono::milliseconds(20);
constexpr std::chrono::nanoseconds kLongestPause = std::chrono::seconds(1);
constexpr int kLooks = 4;

}  // namespace

LeaseKeeper::LeaseKeeper(const OpenSessions& sessions, std::shared_ptr<ConfigStore> config,
                         Remove remove)
    : sessions_(sessions),
      config_(std::move(config)),
      remove_(std::move(remove)),
      thread_([this] { run(); }) {}

LeaseKeeper::~LeaseKeeper() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void LeaseKeeper::run() {
  while (true) {
    {
      const auto next = std::chrono::steady_clock::now() + pause();
      MutexLock lock(mutex_);
      while (!stopping_ && changed_.wait_until(mutex_, next)) {
      }
      if (stopping_) return;
    }
    sweep();
  }
}

std::chrono::nanoseconds LeaseKeeper::pause() const {
  const auto time_to_live = current_config(config_)->session_ttl;
  if (!time_to_live) return kLongestPause;
  return std::clamp<std::chrono::nanoseconds>(*time_to_live / kLooks, kShortestPause,
                                              kLongestPause);
}

void LeaseKeeper::sweep() {
  {
    MutexLock lock(mutex_);
    while (sweeping_)
      changed_.wait(mutex_);
    sweeping_ = true;
  }
  look_at_all();
  {
    MutexLock lock(mutex_);
    sweeping_ = false;
  }
  changed_.notify_all();
}

void LeaseKeeper::look_at_all() {
  try {
    const auto time_to_live = current_config(config_)->session_ttl;
    if (!time_to_live) return;
    for (const auto& session : sessions_.list()) {
      if (session->lease().unused_ns() < std::chrono::nanoseconds(*time_to_live).count()) continue;
      if (session->expired()) {
        reap(session, *time_to_live);
      } else {
        expire(*session, *time_to_live);
      }
    }
  } catch (const std::exception& error) {
    spdlog::error("leases: {}", error.what());
  }
}

bool LeaseKeeper::has_holder(const Session& session) {
  SessionManager::HolderProbe probe;
  {
    MutexLock lock(mutex_);
    probe = probe_;
  }
  return probe && probe(session);
}

void LeaseKeeper::expire(Session& session, std::chrono::nanoseconds time_to_live) {
  if (has_holder(session)) return session.lease().touch();
  if (!session.expire_if_unused(time_to_live)) return;
  spdlog::info("session {} expired", raw(session.id()));
  MutexLock lock(mutex_);
  ++counts_.expired;
}

void LeaseKeeper::reap(const std::shared_ptr<Session>& session, std::chrono::nanoseconds guard) {
  if (has_holder(*session)) return session->lease().touch();
  if (session->lease().unused_ns() < guard.count() || !remove_(*session)) return;
  spdlog::info("session {} was removed: expired, and unused since", raw(session->id()));
  SessionManager::ReapListener listener;
  {
    MutexLock lock(mutex_);
    ++counts_.reaped;
    listener = listener_;
  }
  if (listener) listener(session);
}

LeaseCounts LeaseKeeper::counts() const {
  MutexLock lock(mutex_);
  return counts_;
}

void LeaseKeeper::set_holder_probe(SessionManager::HolderProbe probe) {
  MutexLock lock(mutex_);
  while (sweeping_)
    changed_.wait(mutex_);
  probe_ = std::move(probe);
}

void LeaseKeeper::set_reap_listener(SessionManager::ReapListener listener) {
  MutexLock lock(mutex_);
  while (sweeping_)
    changed_.wait(mutex_);
  listener_ = std::move(listener);
}

}  // namespace commitfs
