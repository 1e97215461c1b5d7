#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "meta/base/clock.h"
#include "meta/object_store.h"
#include "txn/change_set.h"
#include "txn/fence.h"
#include "txn/file_time.h"
#include "txn/hooks/hooks.h"
#include "txn/id_source.h"
#include "txn/read_set.h"
#include "txn/sealer.h"
#include "txn/tree.h"

namespace commitfs {

class ConfigStore;

/// Who asks.
struct Caller {
  uid_t uid = 0;
  gid_t gid = 0;
  pid_t pid = 0;
  mode_t umask = 0;
};

class OpenSessions;

/// What every session of a table shares. Lives as long as the mount.
struct TableContext {
  std::shared_ptr<Catalog> catalog;
  std::shared_ptr<ObjectStore> store;
  std::shared_ptr<IdSource> ids;
  std::shared_ptr<Sealer> sealer;       ///< may be null: then bodies are sealed at commit only
  std::shared_ptr<ConfigStore> config;  ///< may be null: then every key has its default
  const Clock* clock = nullptr;
  const Clock* lease_clock = nullptr;   ///< null: running_clock()
  std::shared_ptr<hooks::Hooks> hooks;  ///< may be null: then there are none
  std::shared_ptr<Fence> fence;         ///< may be null: then no other mount ever takes over
  /// The sessions that are open, for early detection. Expired where nobody manages them.
  std::weak_ptr<const OpenSessions> neighbours = {};
};

/// One session's data, as tree operations (txn/tree/) see it while they hold the session's lock:
/// the change set first, the base below. Not thread-safe; reached only through Session::read and
/// Session::mutate.
///
/// An operation first reads all that can fail, the entries to edit included, and only then changes
/// anything, so that on an error nothing was changed. (An entry that `edit_inode` copied from the
/// base and nobody edited says nothing.)
struct SessionData {
  const TableContext& context;
  SessionId id = SessionId::none;
  SeqNo base = SeqNo::none;
  uid_t uid = 0;  ///< the maker: the session's root shows them as its owner
  gid_t gid = 0;
  ChangeSet changes;
  /// Bodies that were staged and are not needed any more, and that staging never knew of: removed
  /// after the lock is released.
  std::vector<ObjectId> garbage;
  /// The same, but staging may name them: removed once it has forgotten them for good.
  std::vector<ObjectId> journalled_garbage;
  /// Inodes with writers.
  std::set<InodeId> open_for_writing;
  ReadSet reads;

  // The view. "Not there" is an empty optional. Records are as they stand, without a staged body's
  // size and times.
  Result<std::optional<InodeId>> find_dirent(InodeId parent, std::string_view name) const;
  Result<std::optional<InodeRecord>> find_inode(InodeId inode) const;
  Result<std::optional<InodeRecord>> find_child(InodeId parent, std::string_view name) const;
  /// A directory that still has a name, or is the root. ENOENT, ENOTDIR.
  Result<InodeRecord> directory(InodeId inode) const;
  Result<bool> is_empty(InodeId directory) const;
  Result<InodeId> parent_of(InodeId directory) const;  ///< ENOENT, ENOTDIR
  /// True when `inode` is `ancestor` or below it.
  Result<bool> is_within(InodeId inode, InodeId ancestor) const;
  /// One name of the inode; the root and an unlinked inode have none.
  Result<std::optional<DirentKey>> name_of(InodeId inode) const;
  /// Of an inode that has a name, or of the root: "". ENOENT.
  Result<std::string> path_of(InodeId inode) const;
  Result<std::optional<std::string>> find_xattr(InodeId inode, std::string_view name) const;
  Result<std::vector<std::string>> xattr_names(InodeId inode) const;

  // As stat(2) shows it: a staged body's size and times are its object's, the root is its maker's.
  // ENOENT.
  Result<Attributes> attributes(InodeId inode) const;
  Result<Attributes> attributes_of(const ChangedInode& inode) const;
  Result<Attributes> lookup(InodeId parent, std::string_view name) const;
  Result<std::vector<ListedAttributes>> list(InodeId directory, std::string_view after,
                                             std::size_t limit) const;

  // What the base alone says, to tell a change from a return to what was.
  bool is_made_here(InodeId inode) const;
  Result<InodeId> base_dirent(const DirentKey& key) const;
  /// find_child and base_dirent in one step.
  struct Entry {
    std::optional<InodeRecord> inode;
    InodeId in_base = InodeId::none;
  };
  Result<Entry> find_entry(const DirentKey& key) const;

  /// True when what would be read was made, written as a whole or removed here: no read of the
  /// base.
  bool is_own(ReadKind kind, InodeId inode, std::string_view name) const;

  // Changes.
  /// The inode's entry: copied from the base on first use. ENOENT when the view has no such inode.
  Result<ChangedInode*> edit_inode(InodeId inode);
  /// The same for one that was just looked up: cannot fail.
  ChangedInode* edit_inode(const InodeRecord& found);
  /// `key` now stands for `inode`, or for nothing. `in_base` is base_dirent(key).
  void put_name(const DirentKey& key, ChangedInode& inode, InodeId in_base);
  void remove_name(const DirentKey& key, InodeId in_base);
  /// Counts one handle that may write.
  void add_writer(ChangedInode& inode);
  /// The staged body of `inode` is not needed any more.
  void give_up_body(const ChangedInode& inode);
  /// Forgets what is left of an unlinked inode that the kernel holds no longer, unless it has
  /// writers.
  void forget_if_unreachable(InodeId inode);

  TimeNs now_ns() const { return context.clock->now_ns(); }
};

/// Size and times of the open body as it is now.
void apply_body(const struct stat& body, const ChangedInode& inode, Attributes& attributes);
/// What a version's record says, where no session has changed it.
Attributes plain_attributes(InodeRecord record);

}  // namespace commitfs
