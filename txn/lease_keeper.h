#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <thread>

#include "meta/base/mutex.h"
#include "txn/open_sessions.h"
#include "txn/session_manager.h"

namespace commitfs {

/// Ends the leases of sessions that nobody uses: see SessionManager::sweep_leases. Thread-safe; no
/// lock is held while a session or a callback is called.
class LeaseKeeper {
 public:
  /// Removes a session that is expired, as a discard does; false when it could not. Called without
  /// a lock of the keeper's.
  using Remove = std::function<bool(Session& session)>;

  /// `config` may be null: then sessions never expire, but for `sweep`.
  LeaseKeeper(const OpenSessions& sessions, std::shared_ptr<ConfigStore> config, Remove remove);
  ~LeaseKeeper();  ///< ends after the sweep that is under way

  /// One at a time: waits for the one under way.
  void sweep() EXCLUDES(mutex_);
  LeaseCounts counts() const EXCLUDES(mutex_);
  // What is replaced is not called any more when they return.
  void set_holder_probe(SessionManager::HolderProbe probe) EXCLUDES(mutex_);
  void set_reap_listener(SessionManager::ReapListener listener) EXCLUDES(mutex_);

 private:
  void run() EXCLUDES(mutex_);
  void look_at_all();
  std::chrono::nanoseconds pause() const;
  bool has_holder(const Session& session) EXCLUDES(mutex_);
  void expire(Session& session, std::chrono::nanoseconds time_to_live) EXCLUDES(mutex_);
  void reap(const std::shared_ptr<Session>& session, std::chrono::nanoseconds guard)
      EXCLUDES(mutex_);

  const OpenSessions& sessions_;
  const std::shared_ptr<ConfigStore> config_;
  const Remove remove_;
  mutable Mutex mutex_;
  ConditionVariable changed_;
  SessionManager::HolderProbe probe_ GUARDED_BY(mutex_);
  SessionManager::ReapListener listener_ GUARDED_BY(mutex_);
  LeaseCounts counts_ GUARDED_BY(mutex_);
  bool sweeping_ GUARDED_BY(mutex_) = false;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace commitfs
