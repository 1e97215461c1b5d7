#include "txn/boot_id.h"
#include "txn/session.h"

namespace commitfs {

bool Session::outlived_boot() const {
  MutexLock lock(mutex_);
  return row_.boot_id != boot_id();
}

void Session::accept_boot() {
  AfterUnlock after(*this);
  MutexLock lock(mutex_);
  if (row_.boot_id == boot_id()) return;
  row_.boot_id = boot_id();
  row_dirty_ = true;
  settle(after);
}

void Session::forget_unlinked() {
  AfterUnlock after(*this);
  MutexLock lock(mutex_);
  std::vector<InodeId> unlinked;
  for (const auto& [id, inode] : data_.changes.inodes()) {
    if (inode.record.nlink == 0) unlinked.push_back(id);
  }
  for (const InodeId id : unlinked) {
    data_.changes.find_inode_for_bookkeeping(id)->released = true;
    data_.forget_if_unreachable(id);
  }
  settle(after);
}

std::optional<StagingBatch> Session::take_journal() {
  MutexLock lock(mutex_);
  announced_ = false;
  if (!is_alive() || !is_dirty()) return std::nullopt;
  StagingBatch batch = data_.changes.take_dirty(id_);
  data_.reads.take_dirty(batch);
  if (row_dirty_) {
    row_.base = data_.base;
    batch.row = row_;
    row_dirty_ = false;
  }
  batch.unused = std::exchange(data_.journalled_garbage, {});
  return batch;
}

void Session::return_journal(const StagingBatch& batch) {
  MutexLock lock(mutex_);
  if (!is_alive()) return;
  data_.changes.mark_dirty(batch);
  data_.reads.mark_dirty_again();
  row_dirty_ = row_dirty_ || batch.row.has_value();
}

}  // namespace commitfs
