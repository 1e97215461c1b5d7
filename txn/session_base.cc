#include <fmt/format.h>

#include <cerrno>

#include "txn/session.h"

namespace commitfs {
namespace {

/// Mine where the session changed it, the new base's elsewhere.
template <typename Value>
Value merged(const Value& mine, const Value& was, const Value& is) {
  return mine == was ? is : mine;
}

InodeRecord merged_record(const ChangedInode& inode, const InodeRecord& was,
                          const InodeRecord& is) {
  InodeRecord record = inode.record;
  record.mode = merged(record.mode, was.mode, is.mode);
  record.uid = merged(record.uid, was.uid, is.uid);
  record.gid = merged(record.gid, was.gid, is.gid);
  if (record.nlink > 0) record.nlink = record.nlink + is.nlink - was.nlink;
  record.ctime_ns = merged(record.ctime_ns, was.ctime_ns, is.ctime_ns);
  record.since = is.since;
  if (inode.body_staged) return record;
  record.mtime_ns = merged(record.mtime_ns, was.mtime_ns, is.mtime_ns);
  record.atime_ns = merged(record.atime_ns, was.atime_ns, is.atime_ns);
  record.size_bytes = merged(record.size_bytes, was.size_bytes, is.size_bytes);
  record.object = merged(record.object, was.object, is.object);
  return record;
}

/// What a new base does to the change set: computed whole before anything is changed.
struct Move {
  std::vector<ChangedInode> inodes;
  std::vector<InodeId> forgotten;
  std::vector<std::pair<DirentKey, InodeId>> settled_names;
  std::vector<ChangedInode> stale_copies;
};

std::unexpected<Error> refuse(InodeId inode, const char* why) {
  return fail(ECANCELED, fmt::format("move the base below inode {}: {}", raw(inode), why));
}

/// A body copied from the old base that nobody wrote gives way to the new base's.
Result<void> drop_stale_copy(const TableContext& context, ChangedInode& inode,
                             const InodeRecord& is, Move& move) {
  const auto body = TRY(context.store->stat(inode.record.object));
  if (inode.writers > 0 || !is_untouched(inode, body))
    return refuse(inode.record.id, "its content changed");
  move.stale_copies.push_back(inode);
  inode.body_staged = false;
  inode.copied_ctime_ns = 0;
  inode.record.object = is.object;
  inode.record.size_bytes = is.size_bytes;
  inode.record.atime_ns = is.atime_ns;
  inode.record.mtime_ns = is.mtime_ns;
  return {};
}

Result<void> move_inode(const SessionData& data, SeqNo base, ChangedInode inode, Move& move) {
  const InodeId id = inode.record.id;
  const auto was = TRY(data.context.catalog->find_inode(data.base, id));
  const auto is = TRY(data.context.catalog->find_inode(base, id));
  if (!was) return refuse(id, "the old base lacks it");
  if (!is) {
    if (inode.record.nlink > 0) return refuse(id, "it is gone");
    if (inode.released && inode.writers == 0) {
      move.forgotten.push_back(id);
      return {};
    }
    // Both sides removed it and a handle holds it: from now on it is ours alone.
    inode.made_here = true;
    move.inodes.push_back(std::move(inode));
    return {};
  }
  if (inode.body_staged && was->object != is->object && inode.record.nlink > 0) {
    TRY(drop_stale_copy(data.context, inode, *is, move));
  }
  inode.record = merged_record(inode, *was, *is);
  move.inodes.push_back(std::move(inode));
  return {};
}

Result<Move> compute_move(const SessionData& data, SeqNo base) {
  Move move;
  for (const auto& [id, inode] : data.changes.inodes()) {
    if (!inode.made_here) TRY(move_inode(data, base, inode, move));
  }
  for (const auto& [key, inode] : data.changes.dirents()) {
    if (data.is_made_here(key.parent)) continue;
    const auto dirent = TRY(data.context.catalog->find_dirent(base, key.parent, key.name));
    if (inode == (dirent ? dirent->inode : InodeId::none))
      move.settled_names.emplace_back(key, inode);
  }
  return move;
}

void apply(SessionData& data, Move move, SeqNo base) {
  for (ChangedInode& inode : move.inodes)
    data.changes.add_inode(std::move(inode));
  for (const auto& [key, id] : move.settled_names) {
    data.changes.forget_dirent(key);
    ChangedInode* inode = data.changes.find_inode_for_bookkeeping(id);
    if (inode != nullptr && inode->place == key) inode->place.reset();
  }
  for (const InodeId id : move.forgotten)
    data.changes.forget_inode(id);
  for (const ChangedInode& copy : move.stale_copies)
    data.give_up_body(copy);
  data.base = base;
}

}  // namespace

Result<void> Session::move_base(SeqNo base) {
  AfterUnlock after(*this);
  MutexLock lock(mutex_);
  if (!is_alive()) return fail(EROFS, "move the base of a session that is over");
  if (base == data_.base) return {};
  apply(data_, TRY(compute_move(data_, base)), base);
  // Nobody asked whether what a snapshot session read is the same in the new base, so it cannot be
  // held against a later head as if it had been read there.
  if (data_.reads.tracking() == ReadSet::Tracking::undecided && !data_.reads.empty())
    data_.reads = ReadSet(ReadSet::Tracking::off);
  early_notes_.clear();
  row_dirty_ = true;
  settle(after);
  return {};
}

}  // namespace commitfs
