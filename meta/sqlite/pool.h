#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <vector>

#include "meta/base/error.h"
#include "meta/base/mutex.h"
#include "meta/sqlite/database.h"

namespace commitfs::sqlite {

/// Connections for reading, lent to one thread each. They are opened when needed and kept, with
/// their prepared statements, until the pool goes; there are never more than kConnectionsMax.
/// Thread-safe.
class Pool {
 public:
  static constexpr std::size_t kConnectionsMax = 16;

  Pool(std::filesystem::path path, std::chrono::milliseconds lock_limit);

  /// A connection in use; it goes back when this is destroyed. Must not outlive the pool.
  /// Move-only.
  class Lease {
   public:
    Lease(Pool* pool, std::unique_ptr<Connection> connection)
        : pool_(pool), connection_(std::move(connection)) {}
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (connection_) pool_->give_back(std::move(connection_));
    }
    Connection& operator*() const { return *connection_; }

   private:
    Pool* pool_;
    std::unique_ptr<Connection> connection_;
  };

  /// Waits while all are in use, which lasts no longer than a read: a thread must not take a
  /// second. Errors: EAGAIN when that takes longer than the lock limit; as Connection.
  Result<Lease> take() EXCLUDES(mutex_);

 private:
  Result<std::unique_ptr<Connection>> take_idle() EXCLUDES(mutex_);
  void give_back(std::unique_ptr<Connection> connection) EXCLUDES(mutex_);

  const std::filesystem::path path_;
  const std::chrono::milliseconds lock_limit_;
  Mutex mutex_;
  ConditionVariable returned_;
  std::vector<std::unique_ptr<Connection>> idle_ GUARDED_BY(mutex_);
  std::size_t open_count_ GUARDED_BY(mutex_) = 0;
};

}  // namespace commitfs::sqlite
