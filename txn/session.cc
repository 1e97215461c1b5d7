#include "txn/session.h"

#include <malloc.h>
#include <spdlog/spdlog.h>

#include <cassert>
#include <cerrno>

#include "txn/boot_id.h"

namespace commitfs {
namespace {

/// Frees what a session that is over had changed. Of a large one the memory goes back to the
/// system, which the library would keep.
void free_changes(ChangeSet changes) {
  constexpr std::size_t kLarge = 10'000;
  const bool large = changes.inodes().size() >= kLarge;
  changes = ChangeSet();
  if (large) ::malloc_trim(0);
}

}  // namespace

Session::Session(TableContext context, StagedSession row, ChangeSet changes,
                 SessionSettings settings, ReadSet reads)
    : context_(std::move(context)),
      id_(row.id),
      uid_(row.uid),
      gid_(row.gid),
      created_ns_(row.created_ns),
      lease_(context_.lease_clock != nullptr ? *context_.lease_clock : running_clock()),
      row_(std::move(row)),
      settings_(std::make_shared<const SessionSettings>(std::move(settings))),
      data_{.context = context_,
            .id = id_,
            .base = row_.base,
            .uid = uid_,
            .gid = gid_,
            .changes = std::move(changes),
            .garbage = {},
            .journalled_garbage = {},
            .open_for_writing = {},
            .reads = std::move(reads)} {
  if (settings_->isolation == Isolation::serializable)
    (void)data_.reads.track();  // what it reads from here on
  records_reads_ = data_.reads.tracking() != ReadSet::Tracking::off;
  if (!row_.boot_id.empty()) return;
  row_.boot_id = boot_id();
  row_dirty_ = true;
}

Session::~Session() {
  if (state_ != SessionState::committed && state_ != SessionState::discarded) return;
  for (const auto& [id, inode] : data_.changes.inodes()) {
    if (inode.body_staged && inode.record.nlink == 0) data_.give_up_body(inode);
  }
  AfterUnlock after(*this);
  after.garbage = std::move(data_.garbage);
  after.journalled_garbage = std::move(data_.journalled_garbage);
}

Session::AfterUnlock::~AfterUnlock() {
  remove(garbage);
  if (!journalled_garbage.empty()) {
    const auto& listener = session_.removal_listener_;
    if (!listener || !listener(journalled_garbage)) remove(journalled_garbage);
  }
  if (announce && session_.journal_listener_) session_.journal_listener_();
}

void Session::AfterUnlock::remove(const std::vector<ObjectId>& objects) const {
  for (const ObjectId object : objects) {
    const auto removed = session_.context_.store->remove(object);
    // What stays behind takes space only.
    if (!removed) spdlog::warn("session {}: {}", raw(session_.id_), removed.error().describe());
  }
}

void Session::settle(AfterUnlock& after) {
  if (data_.reads.tracking() == ReadSet::Tracking::off)
    records_reads_.store(false, std::memory_order_relaxed);
  after.garbage = std::exchange(data_.garbage, {});
  if (!is_alive()) after.journalled_garbage = std::exchange(data_.journalled_garbage, {});
  if (!is_alive() || announced_ || !is_dirty()) return;
  announced_ = true;
  after.announce = true;
}

SessionState Session::state() const {
  MutexLock lock(mutex_);
  return state_;
}

SeqNo Session::committed_as() const {
  MutexLock lock(mutex_);
  return committed_as_;
}

SeqNo Session::base() const {
  MutexLock lock(mutex_);
  return data_.base;
}

Result<void> Session::freeze() {
  MutexLock lock(mutex_);
  switch (state_) {
    case SessionState::open:
      state_ = SessionState::freezing;
      return {};
    case SessionState::freezing:
      return fail(EBUSY, "freeze a session that is being committed");
    case SessionState::committed:
      return fail(EALREADY, "freeze a committed session");
    case SessionState::discarded:
      break;
  }
  return fail(ENOENT, "freeze a discarded session");
}

void Session::thaw() {
  MutexLock lock(mutex_);
  assert(state_ == SessionState::freezing);
  state_ = SessionState::open;
}

void Session::finish(SeqNo version, std::unordered_map<InodeId, InodeId> replaced) {
  ChangeSet changes;  // freed after the lock is released
  ReadSet reads;      // likewise
  // What needs memory comes first: the session is committed as a whole or not at all.
  auto successor = make_snapshot_tree(context_.catalog, version);
  auto replaced_here = replaced;
  std::unordered_map<InodeId, InodeId> replaced_by;
  for (const auto& [mine, theirs] : replaced)
    replaced_by.emplace(theirs, mine);
  AfterUnlock after(*this);
  {
    MutexLock lock(mutex_);
    assert(state_ == SessionState::freezing);
    state_ = SessionState::committed;
    committed_as_ = version;
    successor_ = std::move(successor);
    replaced_ = std::move(replaced_here);
    replaced_by_ = std::move(replaced_by);
    changes = take_changes();
    reads = std::exchange(data_.reads, ReadSet(ReadSet::Tracking::off));
    settle(after);
  }
  remove_unused_bodies(changes, version, replaced);
  free_changes(std::move(changes));
}

std::vector<ObjectId> Session::discard() {
  ChangeSet changes;  // freed after the lock is released
  std::vector<ObjectId> objects;
  ReadSet reads;  // likewise
  {
    MutexLock lock(mutex_);
    if (!is_alive()) return {};
    state_ = SessionState::discarded;
    InodeRecord root;
    root.id = InodeId::root;
    root.mode = S_IFDIR | S_IRUSR | S_IXUSR;
    root.uid = uid_;
    root.gid = gid_;
    root.nlink = 2;
    root.atime_ns = root.mtime_ns = root.ctime_ns = root.btime_ns = created_ns_;
    successor_ = make_empty_tree(std::move(root));
    changes = take_changes();
    reads = std::exchange(data_.reads, ReadSet(ReadSet::Tracking::off));
    records_reads_ = false;
    objects = std::exchange(data_.journalled_garbage, {});
    objects.insert(objects.end(), data_.garbage.begin(), data_.garbage.end());
    data_.garbage.clear();
  }
  for (const auto& [id, inode] : changes.inodes()) {
    if (inode.body_staged) objects.push_back(inode.record.object);
  }
  free_changes(std::move(changes));
  return objects;
}

ChangeSet Session::take_changes() {
  ChangeSet all = std::exchange(data_.changes, {});
  const bool discarded = state_ == SessionState::discarded;
  for (const auto& [id, inode] : all.inodes()) {
    const bool held = inode.writers > 0 || (inode.record.nlink == 0 && !inode.released);
    if (!held) continue;
    ChangedInode kept = inode;
    kept.made_here = true;  // there is no base below it any more: once released it leaves nothing
    if (discarded) {
      // Its body goes with all others, so what is shown of it from now on is what it was last.
      if (auto last = data_.attributes_of(inode)) kept.record = std::move(last->inode);
      kept.body_staged = false;
      kept.record.nlink = 0;
    }
    data_.changes.add_inode(std::move(kept));
  }
  return all;
}

void Session::remove_unused_bodies(const ChangeSet& changes, SeqNo version,
                                   const std::unordered_map<InodeId, InodeId>& replaced) const {
  AfterUnlock unused(*this);
  for (const auto& [id, inode] : changes.inodes()) {
    if (!inode.body_staged || inode.record.nlink == 0) continue;
    const auto merged = replaced.find(id);
    // What was made here and merged with nothing is in the version: no need to ask.
    if (inode.made_here && merged == replaced.end()) continue;
    const auto committed =
        context_.catalog->find_inode(version, merged == replaced.end() ? id : merged->second);
    // Not known is not unused: what stays behind takes space only.
    if (!committed) continue;
    if (!*committed || (*committed)->object != inode.record.object) {
      (inode.journalled ? unused.journalled_garbage : unused.garbage)
          .push_back(inode.record.object);
    }
  }
}

}  // namespace commitfs
