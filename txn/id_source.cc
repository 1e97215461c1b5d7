#include "txn/id_source.h"

namespace commitfs {
namespace {

// Large enough that the sync a block costs is not felt, small enough that ids lost at each unmount
// do not matter.
constexpr std::uint64_t kInodeBlock = 8192;
constexpr std::uint64_t kObjectBlock = 8192;
constexpr std::uint64_t kSessionBlock = 32;

}  // namespace

Result<InodeId> IdSource::next_inode() {
  return InodeId{TRY(next(IdKind::inode, kInodeBlock))};
}
Result<ObjectId> IdSource::next_object() {
  return ObjectId{TRY(next(IdKind::object, kObjectBlock))};
}
Result<SessionId> IdSource::next_session() {
  return SessionId{TRY(next(IdKind::session, kSessionBlock))};
}

Result<std::uint64_t> IdSource::next(IdKind kind, std::uint64_t block_size) {
  const std::size_t index = static_cast<std::size_t>(kind) - 1;
  {
    MutexLock lock(mutex_);
    Block& block = blocks_[index];
    if (block.next < block.end) return block.next++;
  }
  // Reserving waits for a sync, so nobody else waits for it with us; two that run dry at once get a
  // block each and the rest of the one that comes later is lost.
  const std::uint64_t first = TRY(catalog_->reserve_ids(kind, block_size));
  MutexLock lock(mutex_);
  Block& block = blocks_[index];
  if (block.next >= block.end) block = {first + 1, first + block_size};
  return first;
}

}  // namespace commitfs
