#include "txn/apply.h"

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>

#include "txn/config/table_config.h"
#include "txn/group_names.h"
#include "txn/ignored_names.h"

namespace commitfs {
namespace {

class Applier {
 public:
  Applier(CatalogTransaction& transaction, const Delta& delta, const Validation& validation,
          VersionRecord version, const TableConfig& config)
      : transaction_(transaction),
        delta_(delta),
        validation_(validation),
        version_(std::move(version)),
        seq_no_(version_.seq_no),
        config_(config),
        group_names_(config.groups, transaction, seq_no_) {}

  Result<Applied> run() {
    // Where moved and removed directories stood, before their names change.
    for (const DirentDelta& change : delta_.dirents) {
      if (!settled(change.key)) TRY(touch_directories_above(change.key.parent));
    }
    TRY(add_made_inodes());
    for (const DirentDelta& change : delta_.dirents) {
      if (!settled(change.key)) TRY(apply_name(change));
    }
    for (const InodeDelta& inode : delta_.inodes) {
      if (inode.before) TRY(apply_inode(inode));
    }
    for (const InodeDelta& inode : delta_.times)
      TRY(apply_times(inode));
    TRY(apply_xattrs());
    TRY(touch_partitions());
    TRY(write_inodes());
    TRY(write_heads());
    TRY(write_group_heads());
    TRY(write_version());
    return std::move(applied_);
  }

 private:
  bool settled(const DirentKey& key) const { return validation_.settled.contains(key); }

  /// My inode's id at the head.
  InodeId at_head(InodeId id) const {
    const auto found = validation_.replaced.find(id);
    return found == validation_.replaced.end() ? id : found->second;
  }
  /// Where my attributes of an inode of the base go (row 28).
  InodeId bearer(InodeId id) const {
    const auto found = validation_.successors.find(id);
    return found == validation_.successors.end() ? id : found->second;
  }
  bool is_replaced(InodeId id) const { return validation_.replaced.contains(id); }
  DirentKey at_head(const DirentKey& key) const { return {at_head(key.parent), key.name}; }

  /// The inode's record in the making; null when the head has none.
  Result<InodeRecord*> edit(InodeId id) {
    if (const auto known = inodes_.find(id); known != inodes_.end()) return &known->second;
    const auto record = TRY(transaction_.find_inode(seq_no_, id));
    if (!record) return nullptr;
    return &inodes_.emplace(id, *record).first->second;
  }

  Result<void> add_made_inodes() {
    for (const InodeDelta& inode : delta_.inodes) {
      if (inode.before) continue;
      if (is_replaced(inode.mine.id)) {
        give_up_body(inode);
        continue;
      }
      InodeRecord record = inode.mine;
      record.nlink = record.is_directory() ? 2 : 0;  // names add the rest
      if (const auto found = validation_.inherited.find(record.id);
          found != validation_.inherited.end()) {
        TRY(inherit(found->second, record));
      }
      if (record.object != ObjectId::none) TRY(put_object(inode));
      made_.insert(record.id);
      inodes_.emplace(record.id, std::move(record));
    }
    return {};
  }

  Result<void> inherit(const InheritedAttributes& inherited, InodeRecord& record) {
    if (inherited.mode) record.mode = *inherited.mode;
    if (inherited.uid) record.uid = *inherited.uid;
    if (inherited.gid) record.gid = *inherited.gid;
    for (const auto& [name, value] : inherited.xattrs) {
      if (value) TRY(transaction_.put_xattr(seq_no_, {record.id, name}, *value));
    }
    return {};
  }

  Result<void> put_object(const InodeDelta& inode) {
    if (!inode.shares_body) version_.bytes += inode.mine.size_bytes;
    return transaction_.put_object(inode.mine.object, inode.mine.size_bytes);
  }

  void give_up_body(const InodeDelta& inode) {
    if (inode.mine.object != ObjectId::none && !inode.shares_body)
      applied_.unused.push_back(inode.mine.object);
  }

  // --- names
  // -------------------------------------------------------------------------------------------------------

  Result<void> apply_name(const DirentDelta& change) {
    const DirentKey key = at_head(change.key);
    if (change.before != InodeId::none) TRY(unlink(change.before, key));
    const InodeId after = at_head(change.after);
    if (after == InodeId::none) {
      TRY(transaction_.remove_dirent(seq_no_, key));
    } else {
      TRY(transaction_.put_dirent(seq_no_, key, after));
      TRY(link(after, key));
    }
    applied_.publication.dirents.push_back(key);
    partitions_.insert(key.parent);
    GroupHead& head = TRY(group_head(key)).get();
    head.content_seq_no = seq_no_;
    head.content_change = change.before == InodeId::none         ? ChangeKind::added
                          : delta_.moved.contains(change.before) ? ChangeKind::renamed
                          : after == InodeId::none               ? ChangeKind::deleted
                                                                 : ChangeKind::modified;
    if (delta_.touches_file(change)) touch_group(key, after == InodeId::none);
    return {};
  }

  Result<void> link(InodeId id, const DirentKey& key) {
    InodeRecord* inode = TRY(edit(id));
    if (inode == nullptr) return fail(EIO, "a new name leads to no inode");
    if (!inode->is_directory()) {
      ++inode->nlink;
    } else if (InodeRecord* parent = TRY(edit(key.parent))) {
      ++parent->nlink;
      placed_.insert(id);
    }
    changed_.insert(id);
    return {};
  }

  Result<void> unlink(InodeId id, const DirentKey& key) {
    InodeRecord* inode = TRY(edit(id));
    if (inode == nullptr) return fail(EIO, "an old name leads to no inode");
    if (!inode->is_directory()) {
      if (inode->nlink > 0) --inode->nlink;
    } else if (InodeRecord* parent = TRY(edit(key.parent))) {
      if (parent->nlink > 2) --parent->nlink;
      unplaced_.insert(id);
    }
    changed_.insert(id);
    return {};
  }

  // --- inodes of the base
  // ------------------------------------------------------------------------------------------

  Result<void> apply_inode(const InodeDelta& delta) {
    const InodeRecord& mine = delta.mine;
    const InodeId id = bearer(mine.id);
    InodeRecord* record = TRY(edit(id));
    if (record == nullptr) return {};  // a name of it was settled: gone at the head too
    const bool content = delta.content && !validation_.settled_contents.contains(mine.id);
    if (content) {
      record->object = mine.object;
      record->size_bytes = mine.size_bytes;
      record->mtime_ns = mine.mtime_ns;
      record->atime_ns = mine.atime_ns;
      if (mine.object != ObjectId::none) TRY(put_object(delta));
      applied_.publication.contents.push_back(mine.id);
    } else if (delta.content) {
      give_up_body(delta);
    }
    if (delta.mode) record->mode = mine.mode;
    if (delta.uid) record->uid = mine.uid;
    if (delta.gid) record->gid = mine.gid;
    if (delta.times && id == mine.id)
      record->mtime_ns = mine.mtime_ns, record->atime_ns = mine.atime_ns;
    if (!content && !delta.attributes()) return {};
    record->ctime_ns = std::max(record->ctime_ns, mine.ctime_ns);
    changed_.insert(id);
    return touch_links(id, content, delta.attributes());
  }

  Result<void> apply_times(const InodeDelta& delta) {
    InodeRecord* record = TRY(edit(delta.mine.id));
    if (record == nullptr) return {};
    record->mtime_ns = delta.mine.mtime_ns;
    record->atime_ns = delta.mine.atime_ns;
    record->ctime_ns = std::max(record->ctime_ns, delta.mine.ctime_ns);
    changed_.insert(delta.mine.id);
    return {};
  }

  /// True for an attribute that is theirs: the value my replacing file carries is the base's.
  bool is_inherited(const XattrKey& key) const {
    const auto found = validation_.inherited.find(key.inode);
    if (found == validation_.inherited.end()) return false;
    return std::ranges::any_of(found->second.xattrs,
                               [&](const auto& xattr) { return xattr.first == key.name; });
  }

  Result<void> apply_xattrs() {
    for (const XattrDelta& xattr : delta_.xattrs) {
      if (is_replaced(xattr.key.inode) || is_inherited(xattr.key)) continue;
      const XattrKey key{bearer(xattr.key.inode), xattr.key.name};
      InodeRecord* record = TRY(edit(key.inode));
      if (record == nullptr) continue;
      if (xattr.after) {
        TRY(transaction_.put_xattr(seq_no_, key, *xattr.after));
      } else {
        TRY(transaction_.remove_xattr(seq_no_, key));
      }
      changed_.insert(key.inode);
      if (!delta_.made_here(key.inode)) TRY(touch_links(key.inode, false, true));
    }
    return {};
  }

  /// Every name of an inode of the base whose bytes or attributes changed: the group, and the
  /// directories above.
  Result<void> touch_links(InodeId id, bool content, bool attributes) {
    const auto touch = [&](const DirentKey& key) -> Result<void> {
      GroupHead& head = TRY(group_head(key)).get();
      if (content && head.content_seq_no != seq_no_) head.content_change = ChangeKind::modified;
      if (content) head.content_seq_no = seq_no_;
      if (attributes) head.attribute_seq_no = seq_no_;
      if (content) applied_.publication.content_links.push_back(key);
      if (content) touch_group(key, false);
      return touch_directories_above(key.parent);
    };
    if (id == InodeId::root) {
      TRY(group_head({InodeId::root, ""})).get().attribute_seq_no = seq_no_;
      return {};
    }
    for (const DirentKey& key : TRY(transaction_.links_of(seq_no_, id)))
      TRY(touch(key));
    return {};
  }

  // --- directories
  // -------------------------------------------------------------------------------------------------

  /// `subtree` of a directory and of all above it, as they stand now in the transaction.
  Result<void> touch_directories_above(InodeId mine) {
    InodeId directory = at_head(mine);
    while (!delta_.made_here(directory) && subtrees_.insert(directory).second &&
           directory != InodeId::root) {
      const auto links = TRY(transaction_.links_of(seq_no_, directory));
      if (links.empty()) break;
      directory = links.front().parent;
    }
    // A directory made here may stand below one of the base.
    for (InodeId made = directory; delta_.made_here(made) && !is_replaced(made);) {
      const InodeDelta* delta = delta_.find_inode(made);
      if (delta->links.empty()) break;
      const InodeId above = delta->links.front().parent;
      if (!delta_.made_here(above) || is_replaced(above)) return touch_directories_above(above);
      made = above;
    }
    return {};
  }

  /// Times of directories in which a name changed: they never go back.
  Result<void> touch_partitions() {
    for (const auto& [mine, mtime_ns] : delta_.directory_mtimes) {
      const InodeId id = at_head(mine);
      if (!partitions_.contains(id) || made_.contains(id)) continue;
      InodeRecord* record = TRY(edit(id));
      if (record == nullptr) continue;
      record->mtime_ns = std::max(record->mtime_ns, mtime_ns);
      record->ctime_ns = std::max(record->ctime_ns, mtime_ns);
      changed_.insert(id);
    }
    for (const InodeId id : partitions_)
      changed_.insert(id);
    return {};
  }

  Result<void> write_inodes() {
    for (const InodeId id : made_)
      changed_.insert(id);
    for (const InodeId id : changed_) {
      InodeRecord* record = TRY(edit(id));
      if (record == nullptr) continue;
      const bool gone = record->is_directory() ? unplaced_.contains(id) && !placed_.contains(id)
                                               : record->nlink == 0;
      if (!made_.contains(id)) applied_.publication.attributes.push_back(id);
      if (gone) {
        if (!made_.contains(id)) TRY(transaction_.remove_inode(seq_no_, id));
        continue;
      }
      TRY(transaction_.put_inode(seq_no_, *record));
    }
    return {};
  }

  Result<std::reference_wrapper<GroupHead>> group_head(const DirentKey& key) {
    GroupKey group{key.parent, key.name};
    if (const auto known = groups_.find(group); known != groups_.end()) return known->second;
    GroupHead head;
    if (!made_.contains(key.parent)) head = TRY(transaction_.group_head(group));
    return groups_.emplace(std::move(group), head).first->second;
  }

  Result<void> write_heads() {
    for (const auto& [key, head] : groups_)
      TRY(transaction_.put_group_head(key, head));
    std::set<InodeId> directories = subtrees_;
    directories.insert(partitions_.begin(), partitions_.end());
    directories.insert(unplaced_.begin(), unplaced_.end());
    directories.insert(placed_.begin(), placed_.end());
    for (const InodeId id : directories) {
      if (made_.contains(id)) continue;
      DirectoryHead head = TRY(transaction_.directory_head(id));
      if (partitions_.contains(id)) head.subtree_seq_no = seq_no_;
      if (partitions_.contains(id) && version_.operation != "rewrite")
        head.entries_seq_no = seq_no_;
      if (subtrees_.contains(id)) head.subtree_seq_no = seq_no_;
      if (placed_.contains(id) || unplaced_.contains(id)) head.place_seq_no = seq_no_;
      TRY(transaction_.put_directory_head(id, head));
    }
    return {};
  }

  /// A file's name changed meaning, or its bytes did: its group is known when all names stand.
  void touch_group(const DirentKey& key, bool gone) {
    if (group_names_.in_use() && !config_.ignores(key.name)) in_groups_.emplace_back(key, gone);
  }

  Result<void> write_group_heads() {
    std::map<GroupKey, bool> all_gone;
    for (const auto& [key, gone] : in_groups_) {
      auto group = TRY(group_names_.group_of(key));
      if (!group) continue;
      const auto [entry, added] = all_gone.try_emplace({key.parent, *std::move(group)}, gone);
      if (!added) entry->second = entry->second && gone;
    }
    for (const auto& [group, gone] : all_gone) {
      const GroupHead head{.content_seq_no = seq_no_,
                           .content_change = gone ? ChangeKind::deleted : ChangeKind::modified};
      const GroupKey key = delta_.only_deletes ? group_deletes_key(group.partition, group.group)
                                               : group_changes_key(group.partition, group.group);
      TRY(transaction_.put_group_head(key, head));
    }
    return {};
  }

  // --- the version
  // -------------------------------------------------------------------------------------------------

  Result<void> write_version() {
    for (ChangeRecord& change : delta_.changes()) {
      const DirentKey key{change.group.partition, change.group.group};
      if (settled(key)) continue;
      if (change.kind == ChangeKind::modified &&
          validation_.settled_contents.contains(change.inode))
        continue;
      change.inode = at_head(bearer(change.inode));
      change.group.partition = at_head(change.group.partition);
      if (!change.is_directory) {
        auto group = TRY(group_names_.group_of({change.group.partition, change.group.group}));
        if (group) change.group.group = *std::move(group);
      }
      count(change.kind);
      applied_.changes.push_back(std::move(change));
    }
    for (const InodeDelta& inode : delta_.times) {
      ChangeRecord times;
      times.kind = ChangeKind::times;
      times.inode = inode.mine.id;
      applied_.changes.push_back(std::move(times));
    }
    version_.only_deletes = delta_.only_deletes;
    applied_.publication.version = seq_no_;
    return transaction_.add_version(version_, applied_.changes);
  }

  void count(ChangeKind kind) {
    switch (kind) {
      case ChangeKind::added:
        ++version_.added;
        break;
      case ChangeKind::modified:
        ++version_.modified;
        break;
      case ChangeKind::deleted:
        ++version_.deleted;
        break;
      case ChangeKind::renamed:
        ++version_.renamed;
        break;
      case ChangeKind::attributes:
        ++version_.attributes;
        break;
      case ChangeKind::times:
        break;
    }
  }

  CatalogTransaction& transaction_;
  const Delta& delta_;
  const Validation& validation_;
  VersionRecord version_;
  const SeqNo seq_no_;
  const TableConfig& config_;
  GroupNames group_names_;
  std::vector<std::pair<DirentKey, bool>> in_groups_;  // names touched, and whether they are gone
  Applied applied_;
  std::map<InodeId, InodeRecord> inodes_;  // in the making
  std::set<InodeId> made_;
  std::set<InodeId> changed_;     // to be written
  std::set<InodeId> partitions_;  // directories of the head in which a name changed
  std::set<InodeId> subtrees_;
  std::set<InodeId> placed_;    // directories with a new name
  std::set<InodeId> unplaced_;  // directories that lost theirs
  std::map<GroupKey, GroupHead> groups_;
};

}  // namespace

Result<Applied> apply(CatalogTransaction& transaction, const Delta& delta,
                      const Validation& validation, VersionRecord version,
                      const TableConfig& config) {
  if (validation.ignored.empty()) {
    return Applier(transaction, delta, validation, std::move(version), config).run();
  }
  const Delta over = TRY(over_ignored_names(delta, validation.ignored, transaction));
  return Applier(transaction, over, validation, std::move(version), config).run();
}

}  // namespace commitfs
