#pragma once

#include <array>
#include <memory>

#include "meta/base/mutex.h"
#include "meta/catalog.h"

namespace commitfs {

/// Hands out inode, object and session ids that were never used before, from blocks reserved in the
/// catalog, so that an id costs no SQL. Ids left in a block when the program ends are never used.
/// Thread-safe.
class IdSource {
 public:
  explicit IdSource(std::shared_ptr<Catalog> catalog) : catalog_(std::move(catalog)) {}

  /// Errors: EIO, ENOSPC, EAGAIN of the catalog when a new block is needed.
  Result<InodeId> next_inode();
  Result<ObjectId> next_object();
  Result<SessionId> next_session();

 private:
  struct Block {
    std::uint64_t next = 0;
    std::uint64_t end = 0;
  };
  Result<std::uint64_t> next(IdKind kind, std::uint64_t block_size);

  std::shared_ptr<Catalog> catalog_;
  Mutex mutex_;
  std::array<Block, 3> blocks_ GUARDED_BY(mutex_);
};

}  // namespace commitfs
