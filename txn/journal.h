#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include "meta/staging.h"
#include "txn/session.h"

namespace commitfs {

/// Writes what open sessions changed to staging, behind them and in batches: no operation in a
/// session waits for SQL. One thread; every `interval` it takes the dirty keys of every session
/// that has some. A write that fails is logged and tried again, nothing is lost by it. Thread-safe.
///
/// Bodies that sessions do not need any more, and that staging may still name, are removed only
/// when a write that forgets them survives power loss: otherwise a crash could bring a name back
/// without its body. For that the journal syncs by itself, at the latest kRemovalDelay (1 s) after
/// the write, or at once when kUnusedBodiesMax (1,000) bodies wait.
class Journal {
 public:
  static constexpr std::chrono::milliseconds kInterval{20};
  /// Takes over bodies that staging has forgotten for good; called on the journal's thread, must
  /// not wait for long.
  using RemoveBodies = std::function<void(std::vector<ObjectId> objects)>;

  /// `fence` may be null. Once it is broken nothing is written any more: the sessions are the other
  /// mount's. Without `remove` bodies that are not needed any more stay behind.
  explicit Journal(std::shared_ptr<Staging> staging, std::shared_ptr<Fence> fence = nullptr,
                   std::chrono::milliseconds interval = kInterval, RemoveBodies remove = {});
  ~Journal();  ///< writes what is left, durably, and stops

  /// Called once for a session, before its first use; becomes its journal listener. The journal
  /// does not keep it alive.
  void add(const std::shared_ptr<Session>& session);
  /// Everything the session did before the call survives power loss when it returns; what fsync(2)
  /// asks for. Callers that come together share one sync. Errors: ENOSPC, EIO (also from the moment
  /// that want of memory made the journal lose something), ENOMEM, EAGAIN, EROFS (another mount has
  /// taken over). Must not be called under a session's lock.
  Result<void> flush(Session& session);
  /// The same for every session that was dropped before the call: no crash brings it back.
  Result<void> sync();
  /// Forgets a committed or discarded session, lazily. `unused` are bodies to remove once that
  /// survives power loss.
  void drop(SessionId session, std::vector<ObjectId> unused = {});

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace commitfs
