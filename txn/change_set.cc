#include "txn/change_set.h"

#include <cassert>
#include <utility>

#include "txn/file_time.h"

namespace commitfs {
namespace {

// The bits of StagedInode::flags. They are on disk: never renumber.
constexpr std::uint32_t kMadeHere = 1U << 0;
constexpr std::uint32_t kBodyStaged = 1U << 1;
constexpr std::uint32_t kTimesSet = 1U << 2;
constexpr std::uint32_t kModeSet = 1U << 3;
constexpr std::uint32_t kUidSet = 1U << 4;
constexpr std::uint32_t kGidSet = 1U << 5;

std::uint32_t flag(bool set, std::uint32_t bit) {
  return set ? bit : 0;
}

StagedInode to_staged(const ChangedInode& inode) {
  StagedInode staged{inode.record, 0};
  staged.flags = flag(inode.made_here, kMadeHere) | flag(inode.body_staged, kBodyStaged) |
                 flag(inode.times_set, kTimesSet) | flag(inode.mode_set, kModeSet) |
                 flag(inode.uid_set, kUidSet) | flag(inode.gid_set, kGidSet);
  // The atime of a staged body is its object's, so its column has room for what the row lacks.
  if (inode.body_staged) staged.record.atime_ns = inode.copied_ctime_ns;
  return staged;
}

ChangedInode from_staged_inode(const StagedInode& staged) {
  ChangedInode inode;
  inode.record = staged.record;
  inode.journalled = true;
  inode.made_here = (staged.flags & kMadeHere) != 0;
  inode.body_staged = (staged.flags & kBodyStaged) != 0;
  inode.times_set = (staged.flags & kTimesSet) != 0;
  inode.mode_set = (staged.flags & kModeSet) != 0;
  inode.uid_set = (staged.flags & kUidSet) != 0;
  inode.gid_set = (staged.flags & kGidSet) != 0;
  if (inode.body_staged) inode.copied_ctime_ns = std::exchange(inode.record.atime_ns, 0);
  // A program that outlived the last mount may have kept its mapping.
  inode.maybe_mapped = inode.body_staged;
  return inode;
}

}  // namespace

bool is_untouched(const ChangedInode& inode, const struct stat& body) {
  return inode.copied_ctime_ns != 0 && to_ns(body.st_ctim) == inode.copied_ctime_ns &&
         to_ns(body.st_mtim) == inode.record.mtime_ns &&
         static_cast<std::uint64_t>(body.st_size) == inode.record.size_bytes;
}

const InodeId* ChangeSet::find_dirent(const DirentKey& key) const {
  const auto found = dirents_.find(key);
  return found == dirents_.end() ? nullptr : &found->second;
}

const ChangedInode* ChangeSet::find_inode(InodeId id) const {
  const auto found = inodes_.find(id);
  return found == inodes_.end() ? nullptr : &found->second;
}

const std::optional<std::string>* ChangeSet::find_xattr(const XattrKey& key) const {
  const auto found = xattrs_.find(key);
  return found == xattrs_.end() ? nullptr : &found->second;
}

void ChangeSet::put_dirent(DirentKey key, InodeId inode) {
  dirty_dirents_.insert(key);
  dirents_.insert_or_assign(std::move(key), inode);
}

void ChangeSet::forget_dirent(const DirentKey& key) {
  if (dirents_.erase(key) > 0) dirty_dirents_.insert(key);
}

ChangedInode& ChangeSet::edit_inode(InodeId id) {
  const auto found = inodes_.find(id);
  assert(found != inodes_.end());
  dirty_inodes_.insert(id);
  return found->second;
}

ChangedInode& ChangeSet::add_inode(ChangedInode inode) {
  const InodeId id = inode.record.id;
  dirty_inodes_.insert(id);
  return inodes_.insert_or_assign(id, std::move(inode)).first->second;
}

void ChangeSet::forget_inode(InodeId id) {
  if (inodes_.erase(id) > 0) dirty_inodes_.insert(id);
  const auto first = xattrs_.lower_bound({id, {}});
  auto last = first;
  while (last != xattrs_.end() && last->first.inode == id)
    ++last;
  xattrs_.erase(first, last);
}

void ChangeSet::put_xattr(XattrKey key, std::optional<std::string> value) {
  dirty_xattrs_.insert(key);
  xattrs_.insert_or_assign(std::move(key), std::move(value));
}

void ChangeSet::forget_xattr(const XattrKey& key) {
  if (xattrs_.erase(key) > 0) dirty_xattrs_.insert(key);
}

ChangedInode* ChangeSet::find_inode_for_bookkeeping(InodeId id) {
  const auto found = inodes_.find(id);
  return found == inodes_.end() ? nullptr : &found->second;
}

bool ChangeSet::dirty() const {
  return !dirty_dirents_.empty() || !dirty_inodes_.empty() || !dirty_xattrs_.empty();
}

StagingBatch ChangeSet::take_dirty(SessionId session) {
  StagingBatch batch;
  batch.session = session;
  for (const InodeId id : std::exchange(dirty_inodes_, {})) {
    ChangedInode* inode = find_inode_for_bookkeeping(id);
    if (inode != nullptr) {
      batch.inodes.push_back(to_staged(*inode));
      inode->journalled = true;
    } else {
      batch.forget_inodes.push_back(id);
    }
  }
  for (const DirentKey& key : std::exchange(dirty_dirents_, {})) {
    const InodeId* inode = find_dirent(key);
    if (inode != nullptr) {
      batch.dirents.push_back({key, *inode});
    } else {
      batch.forget_dirents.push_back(key);
    }
  }
  for (const XattrKey& key : std::exchange(dirty_xattrs_, {})) {
    const std::optional<std::string>* value = find_xattr(key);
    if (value != nullptr) {
      batch.xattrs.push_back({key, *value});
    } else {
      batch.forget_xattrs.push_back(key);
    }
  }
  return batch;
}

void ChangeSet::mark_dirty(const StagingBatch& batch) {
  for (const StagedInode& inode : batch.inodes)
    dirty_inodes_.insert(inode.record.id);
  for (const StagedDirent& dirent : batch.dirents)
    dirty_dirents_.insert(dirent.key);
  for (const StagedXattr& xattr : batch.xattrs)
    dirty_xattrs_.insert(xattr.key);
  dirty_inodes_.insert(batch.forget_inodes.begin(), batch.forget_inodes.end());
  dirty_dirents_.insert(batch.forget_dirents.begin(), batch.forget_dirents.end());
  dirty_xattrs_.insert(batch.forget_xattrs.begin(), batch.forget_xattrs.end());
}

ChangeSet ChangeSet::from_staged(const StagedState& state) {
  ChangeSet changes;
  for (const StagedInode& inode : state.inodes) {
    changes.inodes_.emplace(inode.record.id, from_staged_inode(inode));
  }
  for (const StagedXattr& xattr : state.xattrs) {
    changes.xattrs_.emplace(xattr.key, xattr.value);
  }
  for (const StagedDirent& dirent : state.dirents) {
    changes.dirents_.emplace(dirent.key, dirent.inode);
    if (ChangedInode* inode = changes.find_inode_for_bookkeeping(dirent.inode))
      inode->place = dirent.key;
  }
  return changes;
}

}  // namespace commitfs
