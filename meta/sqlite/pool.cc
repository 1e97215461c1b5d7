#include "meta/sqlite/pool.h"

#include <cerrno>

#include "meta/sqlite/schema.h"

namespace commitfs::sqlite {

Pool::Pool(std::filesystem::path path, std::chrono::milliseconds lock_limit)
    : path_(std::move(path)), lock_limit_(lock_limit) {}

Result<Pool::Lease> Pool::take() {
  auto connection = TRY(take_idle());
  if (!connection) {
    auto opened = open_reader(path_, lock_limit_);
    if (!opened) {
      MutexLock lock(mutex_);
      --open_count_;
      returned_.notify_one();
      return std::unexpected(std::move(opened).error());
    }
    connection = std::move(*opened);
  }
  return Lease(this, std::move(connection));
}

/// Empty when the caller is to open one; it is counted already.
Result<std::unique_ptr<Connection>> Pool::take_idle() {
  const auto deadline = std::chrono::steady_clock::now() + lock_limit_;
  MutexLock lock(mutex_);
  while (idle_.empty() && open_count_ == kConnectionsMax) {
    if (!returned_.wait_until(mutex_, deadline))
      return fail(EAGAIN, "wait for a reading connection");
  }
  if (idle_.empty()) {
    ++open_count_;
    return nullptr;
  }
  // The one used last: its cache is the warmest.
  auto connection = std::move(idle_.back());
  idle_.pop_back();
  return connection;
}

void Pool::give_back(std::unique_ptr<Connection> connection) {
  MutexLock lock(mutex_);
  idle_.push_back(std::move(connection));
  returned_.notify_one();
}

}  // namespace commitfs::sqlite
