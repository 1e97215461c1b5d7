#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "meta/base/mutex.h"
#include "txn/conflict.h"
#include "txn/lease.h"
#include "txn/session_data.h"
#include "txn/session_settings.h"

namespace commitfs {

enum class SessionState {
  open,       ///< takes reads and, unless its settings say frozen, writes
  freezing,   ///< a commit is under way: writes answer EROFS, reads go on
  committed,  ///< it is version `committed_as` now; reads are answered from there
  discarded,  ///< an empty directory until the kernel forgets it
};

/// One writer's unfinished work, and afterwards the receipt for it: a Tree that stays valid for the
/// handles and working directories inside it when the session is committed. Thread-safe: one lock,
/// held for the time of one operation and never across an fsync, a copy of data, a reply or a
/// callback. Made by std::make_shared.
class Session : public Tree, public std::enable_shared_from_this<Session> {
 public:
  /// `row` with an empty boot_id is a new session; otherwise one that recovery found, with what its
  /// `extra` says.
  Session(TableContext context, StagedSession row, ChangeSet changes, SessionSettings settings = {},
          ReadSet reads = ReadSet());
  ~Session() override;  ///< removes the bodies of unlinked files that outlived a commit or discard

  // Tree: the session's view while open; version `committed_as` once committed; an empty directory
  // once discarded. In the last two an inode without a name that is held open still answers its
  // attributes.
  Result<Attributes> lookup(InodeId parent, std::string_view name) override;
  Result<Attributes> attributes(InodeId inode) override;
  Result<std::vector<ListedAttributes>> list(InodeId directory, std::string_view after,
                                             std::size_t limit) override;
  Result<std::string> xattr(InodeId inode, std::string_view name) override;
  Result<std::vector<std::string>> xattr_names(InodeId inode) override;
  Result<InodeId> parent_of(InodeId directory) override;
  Result<std::string> path_of(InodeId inode) override;
  Result<GroupKey> group_of(InodeId inode) override;

  SessionId id() const { return id_; }
  uid_t uid() const { return uid_; }
  TimeNs created_ns() const { return created_ns_; }
  const TableContext& context() const { return context_; }
  std::string name() const;
  SeqNo base() const;
  SessionState state() const;
  /// `none` unless committed.
  SeqNo committed_as() const;

  /// Runs `operation(SessionData&)`, which answers a Result, under the lock. EROFS unless the
  /// session is open and not frozen, and once another mount has taken the table over.
  template <typename Operation>
  auto mutate(Operation operation) -> decltype(operation(std::declval<SessionData&>()));
  /// Runs `operation(const SessionData&)`, which answers a Result, under the lock. ENOENT once
  /// committed or discarded.
  template <typename Operation>
  auto read(Operation operation) -> decltype(operation(std::declval<const SessionData&>()));

  // Reads of programs (fs calls these; the Tree's own functions record nothing). Each is one
  // relaxed load when the session cannot turn serializable any more, or is over. A read is noted
  // before it is made.
  bool records_reads() const { return records_reads_.load(std::memory_order_relaxed); }
  void note_read(ReadKind kind, InodeId inode, std::string_view name = {});
  /// lookup, of which finding nothing is a read. `ask_again`: the kernel must not remember this
  /// absence, see ReadSet::record_absent.
  Result<Attributes> look_up(InodeId parent, std::string_view name, bool& ask_again);
  /// A copy of what a serializable session has read, and of what it reads; empty for any other.
  struct TrackedReads {
    ReadSet set;
    SeqNo base = SeqNo::none;
    bool rewrites = false;
  };
  TrackedReads tracked_reads() const;

  // Writers (fs calls these, through tree::, around handles that may write). In any state.
  void release_writer(InodeId inode);
  void release_inode(InodeId inode);
  void note_written(InodeId inode);
  /// The body is open so that it can be mapped for writing, and the mapping may outlive all handles
  /// (FUSE passthrough).
  void note_mappable(InodeId inode);
  /// Bodies noted so, that still have a name, until `forget_mappable`.
  std::vector<std::pair<InodeId, ObjectId>> mappable_bodies() const;
  void forget_mappable(InodeId inode);
  /// Waits until no handle is open for writing on an inode that still has a name, at most until the
  /// deadline; the paths of those that remain (at most 100). Holds no lock while it waits.
  std::vector<std::string> wait_for_writers(std::chrono::steady_clock::time_point deadline);

  // Control values. Each is validated when set: EINVAL. EROFS unless the session is open.
  std::string message() const;
  /// At most 64 KiB of UTF-8 without control characters but newline and tab (E2BIG, EINVAL); one
  /// newline at the end goes.
  Result<void> set_message(std::string value);
  std::optional<std::string> token() const;
  /// 1 to 256 printable ASCII characters; one newline at the end goes.
  Result<void> set_token(std::string value);
  std::map<std::string, std::string> metadata() const;
  /// Keys are 1 to 64 of A-Z a-z 0-9 _ . - (EINVAL), at most 256 of them (E2BIG); values as a
  /// message. No value removes the key (ENODATA when there is none).
  Result<void> set_metadata(const std::string& key, std::optional<std::string> value);
  Result<void> rename(std::string name);

  // Settings. Each setter: EINVAL for a bad value, EROFS unless the session is open. A frozen
  // session takes them too: what is audited is its tree.
  /// As they are now; never null, never changed afterwards.
  std::shared_ptr<const SessionSettings> settings() const;
  /// EINVAL for less than what the session has already; EBUSY for serializable when it has read
  /// more than is known any more (ReadSet::kUndecidedMax things, or anything before the daemon
  /// restarted).
  Result<void> set_isolation(Isolation isolation);
  Result<void> set_operation(Operation operation);
  Result<void> set_early_detection(EarlyDetection early);
  /// A condition on the head (txn/condition/condition.h), checked by every commit; "" is none. What
  /// is wrong with a bad one is `require_error` until the next is set; the one before it stands.
  Result<void> set_require(std::string text);
  std::string require_error() const;
  /// What early detection told since the base was last moved: each once, at most 1,000.
  void note_early(std::string what);
  std::vector<std::string> early_notes() const;
  /// The version that SessionSettings::keeps names.
  Result<void> set_keeps(SeqNo version);
  /// See parse_replace.
  Result<void> set_replace(std::string_view lines);
  /// The tree takes no changes from now on: opens for writing and all else that would change it
  /// answer EROFS, until `unfreeze`; a commit that is refused leaves it so. Also while a commit is
  /// prepared, but only once no handle is open for writing on a file that has a name (the caller
  /// sees to mappings): EBUSY.
  Result<void> set_frozen();
  Result<void> unfreeze();
  /// Frozen since `set_frozen` was called in this mount: what the hooks agreed to then still
  /// stands.
  bool audited() const;

  // Leases. fs holds the lease of a session while a file or directory of its tree is open; changes
  // and lookups touch it by themselves.
  Lease& lease() { return lease_; }
  const Lease& lease() const { return lease_; }
  bool expired() const;
  /// Expires the session, for good, if it is open and nobody has used it for `time_to_live`. True
  /// when it did.
  bool expire_if_unused(std::chrono::nanoseconds time_to_live);

  /// The outcome of the last commit or check that was refused; empty when there was none.
  std::shared_ptr<const ConflictReport> last_report() const;
  void set_last_report(std::shared_ptr<const ConflictReport> report, int error);
  /// The errno of the last commit that failed; 0 when none did.
  int last_error() const;

  // For the commit pipeline.
  /// open -> freezing. EBUSY when a commit is under way already, EALREADY when committed, ENOENT
  /// when discarded.
  Result<void> freeze();
  /// Staged bodies that were not made durable since their last writer closed them.
  std::vector<std::pair<InodeId, ObjectId>> unsealed_bodies() const;
  /// The body was made durable by whoever froze the session and found no writers; ignored when it
  /// is another body by now, or open for writing.
  void mark_sealed(InodeId inode, ObjectId object);
  /// freezing -> open: the commit was refused.
  void thaw();
  /// freezing -> committed. `replaced` maps inodes made here to the head's that they were merged
  /// with (rows 3 and 21). Drops the change set from memory and removes staged bodies the version
  /// does not use, once staging has forgotten them.
  void finish(SeqNo version, std::unordered_map<InodeId, InodeId> replaced);
  /// open or freezing -> discarded. Answers the staged objects to remove.
  std::vector<ObjectId> discard();
  /// open: the base becomes `base`; what the session did not change follows it: attributes, link
  /// counts. Only when nothing the session touched changed. ECANCELED when an inode it needs is
  /// gone from the new base.
  Result<void> move_base(SeqNo base);

  // For the sealer, which works while programs write.
  /// Says that `object` is about to be synced: the generation to hand to `mark_sealed`. Empty when
  /// there is no need: it is sealed, open for writing, unlinked, or another body by now.
  std::optional<std::uint32_t> begin_seal(InodeId inode, ObjectId object) const;
  /// Ignored when the body may have been written since `begin_seal`.
  void mark_sealed(InodeId inode, ObjectId object, std::uint32_t generation);
  /// Syncing the body failed with `error`: the system may have dropped bytes and says so only once,
  /// so no later sync can vouch for them. Lasts until the file gets another body (unlink, or rename
  /// over it).
  void mark_damaged(InodeId inode, ObjectId object, int error);
  /// Inodes with a name for which mark_damaged was called, and its errors. A commit must refuse
  /// them.
  std::vector<std::pair<InodeId, int>> damaged_bodies() const;

  // For recovery and the journal.
  /// True when it was last written under another boot of the machine: bodies nobody synced may be
  /// torn.
  bool outlived_boot() const;
  /// Says that somebody looked: outlived_boot is false from now on.
  void accept_boot();
  /// After recovery, before serving: no inode is held open, so unlinked ones are forgotten.
  void forget_unlinked();
  /// Everything to be journalled since the last call; empty when nothing is. The caller removes the
  /// batch's `unused` bodies once it, or what comes after it, survives power loss.
  std::optional<StagingBatch> take_journal();
  /// A batch of take_journal could not be written: it is to be journalled again. Its `unused` stays
  /// with the caller.
  void return_journal(const StagingBatch& batch);
  /// Called (without the lock) when there is something to journal for the first time since
  /// take_journal; set once before first use. A new session has its row to journal from the start.
  void set_journal_listener(std::function<void()> listener) {
    journal_listener_ = std::move(listener);
  }
  /// Called (without the lock) with bodies that a session which is over has no use for, while
  /// staging may still name them: whoever is called removes them once staging has forgotten the
  /// session for good, or answers false when it has already. Set once before first use; without it
  /// they are removed at once.
  using RemovalListener = std::function<bool(std::vector<ObjectId> objects)>;
  void set_removal_listener(RemovalListener listener) { removal_listener_ = std::move(listener); }

 private:
  /// What is left to do once the lock is released: declared before it, so destroyed after it.
  class AfterUnlock {
   public:
    explicit AfterUnlock(const Session& session) : session_(session) {}
    ~AfterUnlock();
    AfterUnlock(const AfterUnlock&) = delete;
    AfterUnlock& operator=(const AfterUnlock&) = delete;

    std::vector<ObjectId> garbage;
    std::vector<ObjectId> journalled_garbage;  ///< of a session that is over
    bool announce = false;

   private:
    void remove(const std::vector<ObjectId>& objects) const;

    const Session& session_;
  };

  /// Hands over what an operation left behind.
  void settle(AfterUnlock& after) REQUIRES(mutex_);
  /// True when there is something to journal.
  bool is_dirty() const REQUIRES(mutex_) {
    return row_dirty_ || data_.changes.dirty() || data_.reads.dirty();
  }
  bool is_alive() const REQUIRES(mutex_) {
    return state_ == SessionState::open || state_ == SessionState::freezing;
  }
  bool is_fenced() const { return context_.fence != nullptr && context_.fence->broken(); }
  /// EROFS unless its row and settings may be changed.
  Result<void> takes_settings() const REQUIRES(mutex_);
  /// Edits the row unless `edit` fails. EROFS unless the session is open.
  template <typename Edit>
  Result<void> edit_row(Edit edit);
  /// The same for the settings: `edit(SessionSettings&)` answers a Result.
  template <typename Edit>
  Result<void> edit_settings(Edit edit);
  void put_settings(SessionSettings settings) REQUIRES(mutex_);
  std::vector<InodeId> linked_with_writers() const REQUIRES(mutex_);
  /// Answers a Tree call from the session's data while it lives, afterwards from what took its
  /// place.
  template <typename FromData, typename FromTree>
  auto answer(InodeId inode, FromData from_data, FromTree from_tree)
      -> decltype(from_data(std::declval<const SessionData&>()));
  /// The id by which the kernel knows an inode of the committed version.
  InodeId id_here(InodeId inode) const EXCLUDES(mutex_);
  /// Takes the change set away but for inodes that only handles hold.
  ChangeSet take_changes() REQUIRES(mutex_);
  void remove_unused_bodies(const ChangeSet& changes, SeqNo version,
                            const std::unordered_map<InodeId, InodeId>& replaced) const;

  const TableContext context_;
  const SessionId id_;
  const uid_t uid_;
  const gid_t gid_;
  const TimeNs created_ns_;
  /// False from when data_.reads is off.
  std::atomic<bool> records_reads_ = true;
  std::function<void()> journal_listener_;
  RemovalListener removal_listener_;
  Lease lease_;

  mutable Mutex mutex_;
  ConditionVariable writers_released_;
  SessionState state_ GUARDED_BY(mutex_) = SessionState::open;
  /// Its `base` is data_.base, brought up to date when it is journalled.
  StagedSession row_ GUARDED_BY(mutex_);
  bool row_dirty_ GUARDED_BY(mutex_) = false;
  std::shared_ptr<const SessionSettings> settings_ GUARDED_BY(mutex_);
  std::string require_error_ GUARDED_BY(mutex_);
  std::vector<std::string> early_notes_ GUARDED_BY(mutex_);
  /// The listener was called and take_journal was not yet.
  bool announced_ GUARDED_BY(mutex_) = false;
  /// Once committed or discarded only unlinked inodes that are held open remain in its change set.
  SessionData data_ GUARDED_BY(mutex_);
  bool audited_ GUARDED_BY(mutex_) =
      false;  ///< `set_frozen` was called, and since then nothing could change
  std::shared_ptr<const ConflictReport> last_report_ GUARDED_BY(mutex_);
  int last_error_ GUARDED_BY(mutex_) = 0;
  SeqNo committed_as_ GUARDED_BY(mutex_) = SeqNo::none;
  /// What answers instead of the data: the version once committed, an empty directory once
  /// discarded.
  std::shared_ptr<Tree> successor_ GUARDED_BY(mutex_);
  /// Inodes made here to the version's they were merged with, and back.
  std::unordered_map<InodeId, InodeId> replaced_ GUARDED_BY(mutex_);
  std::unordered_map<InodeId, InodeId> replaced_by_ GUARDED_BY(mutex_);
};

template <typename Operation>
auto Session::mutate(Operation operation) -> decltype(operation(std::declval<SessionData&>())) {
  AfterUnlock after(*this);
  MutexLock lock(mutex_);
  if (state_ != SessionState::open) return fail(EROFS, "write to a session that is not open");
  if (is_fenced()) return fail(EROFS, "write to a session that another mount has taken over");
  if (settings_->frozen) return fail(EROFS, "write to a frozen session");
  if (settings_->expired) return fail(EROFS, "write to an expired session");
  lease_.touch();
  auto result = operation(data_);
  settle(after);
  return result;
}

template <typename Operation>
auto Session::read(Operation operation) -> decltype(operation(std::declval<const SessionData&>())) {
  MutexLock lock(mutex_);
  if (!is_alive()) return fail(ENOENT, "read a session that is over");
  return operation(std::as_const(data_));
}

template <typename Edit>
Result<void> Session::edit_row(Edit edit) {
  AfterUnlock after(*this);
  MutexLock lock(mutex_);
  TRY(takes_settings());
  lease_.touch();
  TRY(edit(row_));
  row_dirty_ = true;
  settle(after);
  return {};
}

}  // namespace commitfs
