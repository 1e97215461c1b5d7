#pragma once

#include <chrono>
#include <memory>

#include "meta/staging.h"
#include "txn/session.h"

namespace commitfs {

/// Writes what open sessions changed to staging, behind them and in batches: no operation in a session waits for SQL.
/// One thread; every `interval` it takes the dirty keys of every session that has some. A write that fails is logged and
/// tried again, nothing is lost by it. Thread-safe.
class Journal {
 public:
  /// `fence` may be null. Once it is broken nothing is written any more: the sessions are the other mount's.
  explicit Journal(std::shared_ptr<Staging> staging, std::shared_ptr<Fence> fence = nullptr,
                   std::chrono::milliseconds interval = std::chrono::milliseconds(20));
  ~Journal();  ///< writes what is left, durably, and stops

  /// Called once for a session, before its first use; becomes its journal listener. The journal does not keep it alive.
  void add(const std::shared_ptr<Session>& session);
  /// Everything the session did before the call survives power loss when it returns; what fsync(2) asks for. Callers that
  /// come together share one sync. Errors: ENOSPC, EIO, EAGAIN, EROFS (another mount has taken over). Must not be called under a session's lock.
  Result<void> flush(Session& session);
  /// Forgets a committed or discarded session, lazily.
  void drop(SessionId session);

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace commitfs
