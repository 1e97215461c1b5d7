#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "meta/catalog.h"
#include "meta/staging.h"

namespace commitfs {

/// One inode as a session sees it, where that differs from its base (or may differ: a copied-up
/// body nobody wrote).
struct ChangedInode {
  /// With `body_staged`, size and times are the object's; what stands here is of the moment it was
  /// staged, atime 0.
  InodeRecord record;
  bool made_here = false;  ///< not in the base
  bool body_staged =
      false;  ///< record.object is the session's own, writable; size and times are read from it
  bool times_set = false;  ///< utimens was asked for by a program
  bool mode_set = false;   ///< chmod was asked for: matters for the root, which otherwise shows its
                           ///< maker's rights
  bool uid_set = false;    ///< chown, likewise
  bool gid_set = false;    ///< chgrp, likewise
  /// ctime of a body right after it was copied up, before anybody could write it: see is_untouched.
  /// 0: it was made empty.
  TimeNs copied_ctime_ns = 0;
  /// In its place, when the times of a copied-up body prove nothing and only its bytes can tell
  /// (row 33).
  static constexpr TimeNs kOnlyBytesTell = -1;
  /// A directory that was made or moved here: where it stands now; none: where the base has it.
  /// Of other inodes one of the names they were given here: a hint, it may be gone by now.
  std::optional<DirentKey> place;

  // Not journalled.
  bool journalled =
      false;  ///< a batch was taken since the session made or found it: staging may name its body
  bool sealed = false;  ///< the body was made durable after its last writer closed it
  /// May be mapped, and written so, after its last writer closed it. After a restart anything may.
  bool maybe_mapped = false;
  bool released = false;  ///< nlink is 0 and the kernel holds it no longer
  int seal_error =
      0;  ///< syncing the body failed: bytes may be lost and a second sync would not say so
  std::uint32_t writers = 0;     ///< handles open for writing
  std::uint32_t generation = 0;  ///< grows whenever the body may be written anew
};

/// True when nobody has written to a copied-up body since it was copied. False also when that
/// cannot be told: coarse clocks give a write the ctime of the copy, so mtime, which a copy takes
/// from its origin, must be the old one too.
bool is_untouched(const ChangedInode& inode, const struct stat& body);

/// Everything a session would write, over its base. Not thread-safe: Session guards it.
///
/// Each change marks its key dirty for the journal; `take_dirty` hands over the current values of
/// all dirty keys as one consistent batch. Last write per key wins, so the journal's cost follows
/// keys, not operations. Every name that is put stands for an inode that is here too.
class ChangeSet {
 public:
  using Dirents = std::map<DirentKey, InodeId>;  // none: removed from the base
  using Inodes = std::unordered_map<InodeId, ChangedInode>;
  using Xattrs = std::map<XattrKey, std::optional<std::string>>;  // no value: removed from the base

  const Dirents& dirents() const { return dirents_; }
  const Inodes& inodes() const { return inodes_; }
  const Xattrs& xattrs() const { return xattrs_; }

  const InodeId* find_dirent(const DirentKey& key) const;
  const ChangedInode* find_inode(InodeId id) const;
  const std::optional<std::string>* find_xattr(const XattrKey& key) const;

  void put_dirent(DirentKey key, InodeId inode);
  /// The key says nothing any more: the base shows through (or nothing does).
  void forget_dirent(const DirentKey& key);
  /// The inode's entry for editing; it must be there. References stay valid until the inode is
  /// forgotten.
  ChangedInode& edit_inode(InodeId id);
  ChangedInode& add_inode(ChangedInode inode);
  /// Forgets the inode and its extended attributes.
  void forget_inode(InodeId id);
  void put_xattr(XattrKey key, std::optional<std::string> value);
  void forget_xattr(const XattrKey& key);

  /// For what the journal need not know (writers, sealed): no dirty mark. Null when there is no
  /// such inode.
  ChangedInode* find_inode_for_bookkeeping(InodeId id);

  bool dirty() const;
  StagingBatch take_dirty(SessionId session);
  /// A batch that was taken could not be written: its keys are dirty again.
  void mark_dirty(const StagingBatch& batch);
  /// The whole change set as recovery found it.
  static ChangeSet from_staged(const StagedState& state);

 private:
  Dirents dirents_;
  Inodes inodes_;
  Xattrs xattrs_;
  std::set<DirentKey> dirty_dirents_;
  std::set<InodeId> dirty_inodes_;
  std::set<XattrKey> dirty_xattrs_;
};

}  // namespace commitfs
