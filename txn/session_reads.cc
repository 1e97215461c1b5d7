/// How a session records what it read.
#include <cerrno>
#include <utility>

#include "txn/session.h"

namespace commitfs {

bool SessionData::is_own(ReadKind kind, InodeId inode, std::string_view name) const {
  const ChangedInode* changed = changes.find_inode(inode);
  if (changed != nullptr && changed->made_here) return true;
  switch (kind) {
    case ReadKind::file:
      // Made empty, not copied from the base: none of its bytes are.
      return changed != nullptr && changed->body_staged && changed->copied_ctime_ns == 0;
    case ReadKind::absent:
      return changes.find_dirent({inode, std::string(name)}) != nullptr;
    case ReadKind::xattr:
      return changes.find_xattr({inode, std::string(name)}) != nullptr;
    case ReadKind::directory:
    case ReadKind::table:
      break;
  }
  return false;
}

void Session::note_read(ReadKind kind, InodeId inode, std::string_view name) {
  if (!records_reads()) return;
  AfterUnlock after(*this);
  MutexLock lock(mutex_);
  if (!is_alive() || data_.is_own(kind, inode, name)) return;
  data_.reads.record(kind, inode, name);
  settle(after);
}

Result<Attributes> Session::look_up(InodeId parent, std::string_view name, bool& ask_again) {
  ask_again = false;
  lease_.touch();
  if (!records_reads()) return lookup(parent, name);
  AfterUnlock after(*this);
  {
    MutexLock lock(mutex_);
    if (is_alive()) {
      auto found = data_.lookup(parent, name);
      if (!found && found.error().code == ENOENT && !data_.is_own(ReadKind::absent, parent, name)) {
        ask_again = !data_.reads.record_absent(parent, name);
        settle(after);
      }
      return found;
    }
  }
  return lookup(parent, name);
}

Session::TrackedReads Session::tracked_reads() const {
  MutexLock lock(mutex_);
  TrackedReads tracked{.set = ReadSet(ReadSet::Tracking::off),
                       .base = data_.base,
                       .rewrites = settings_->operation == Operation::rewrite};
  if (data_.reads.tracking() == ReadSet::Tracking::on) tracked.set = data_.reads;
  return tracked;
}

}  // namespace commitfs
