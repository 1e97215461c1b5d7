#include "txn/past/restore.h"

#include <cerrno>
#include <map>
#include <set>

namespace commitfs::past {
namespace {

constexpr std::size_t kObstaclesMax = 100;
/// Deeper than any path: whoever climbs further goes in a circle.
constexpr int kDepthMax = 10'000;

/// Brings a difference into a session, under its lock. First everything that can stand in the way
/// is looked at, then it is staged.
class Stager {
 public:
  enum class Times { restored, of_now };

  Stager(SessionData& data, const Difference& difference, Times times)
      : data_(data),
        catalog_(*data.context.catalog),
        difference_(difference),
        times_(times),
        now_ns_(data.now_ns()) {}

  Result<void> find_obstacles() {
    for (const EntryDifference& entry : difference_.entries)
      TRY(look_at_entry(entry));
    for (const InodeDifference& inode : difference_.inodes)
      TRY(look_at_inode(inode));
    return {};
  }
  const std::set<std::string>& obstacles() const { return obstacles_; }

  Result<void> stage() {
    for (const EntryDifference& entry : difference_.entries)
      TRY(take_name(entry));
    for (const EntryDifference& entry : difference_.entries)
      TRY(put_name(entry));
    TRY(count_links());
    for (const InodeDifference& inode : difference_.inodes)
      TRY(change_inode(inode));
    return {};
  }

  /// What only shows when all names stand: a directory that went and is not empty, or one that is
  /// below itself.
  Result<void> find_obstacles_after() {
    for (const InodeId id : unplaced_) {
      const bool stands = placed_.contains(id) ? TRY(reaches_root(id)) : TRY(data_.is_empty(id));
      if (!stands) TRY(note(TRY(path_at(difference_.from, id))));
    }
    return {};
  }

 private:
  // What the base must have for the change to make sense.

  Result<void> look_at_entry(const EntryDifference& entry) {
    const auto parent = TRY(data_.find_inode(entry.key.parent));
    const bool has_parent = parent && parent->nlink > 0;
    // A parent that is not there comes back with the rest, or else it went since.
    const bool comes_back = !has_parent && TRY(is_of_target_only(entry.key.parent));
    if (comes_back) return {};
    if (!has_parent) return note(entry.key.name);
    const auto found = TRY(data_.find_dirent(entry.key.parent, entry.key.name));
    if (found.value_or(InodeId::none) == entry.before) return {};
    std::string path = TRY(data_.path_of(entry.key.parent));
    return note(path.empty() ? entry.key.name : path + '/' + entry.key.name);
  }

  Result<bool> is_of_target_only(InodeId id) {
    const auto before = TRY(catalog_.find_inode(difference_.from, id));
    return !before && TRY(catalog_.find_inode(difference_.to, id)).has_value();
  }

  Result<void> look_at_inode(const InodeDifference& inode) {
    if (!inode.before) return {};
    // Of what gets the time of now, a time alone is nothing to take back.
    const bool changes_nothing = inode.after && times_ == Times::of_now &&
                                 !inode.changed_content() && !inode.changed_attributes();
    if (changes_nothing) return {};
    const auto now = TRY(data_.find_inode(inode.id));
    if (!now || now->nlink == 0) return note(TRY(path_at(difference_.from, inode.id)));
    const InodeRecord& was = *inode.before;
    bool same = now->object == was.object;
    if (inode.after) {
      same = (!inode.changed_content() || now->object == was.object) &&
             (was.mode == inode.after->mode || now->mode == was.mode) &&
             (was.uid == inode.after->uid || now->uid == was.uid) &&
             (was.gid == inode.after->gid || now->gid == was.gid);
    }
    for (const XattrDelta& xattr : inode.xattrs)
      same = same && TRY(data_.find_xattr(inode.id, xattr.key.name)) == xattr.before;
    return same ? Result<void>() : note(TRY(path_at(difference_.from, inode.id)));
  }

  Result<void> note(std::string path) {
    if (obstacles_.size() < kObstaclesMax) obstacles_.insert(std::move(path));
    return {};
  }

  Result<std::string> path_at(SeqNo at, InodeId id) {
    std::string path;
    while (id != InodeId::root) {
      const auto links = TRY(catalog_.links_of(at, id));
      if (links.empty()) break;
      path = path.empty() ? links.front().name : links.front().name + '/' + path;
      id = links.front().parent;
    }
    return path.empty() ? "." : path;
  }

  // Names.

  Result<void> take_name(const EntryDifference& entry) {
    if (entry.before == InodeId::none) return {};
    ChangedInode* parent = TRY(data_.edit_inode(entry.key.parent));
    ChangedInode* inode = TRY(data_.edit_inode(entry.before));
    data_.remove_name(entry.key, TRY(data_.base_dirent(entry.key)));
    if (inode->record.is_directory()) {
      unplaced_.insert(entry.before);
      --subdirectories_[entry.key.parent];
    } else {
      --inode->record.nlink;
      // Nobody has it open here: nothing is kept for a handle.
      inode->released = inode->record.nlink == 0;
    }
    inode->record.ctime_ns = now_ns_;
    touch(*parent);
    return {};
  }

  Result<void> put_name(const EntryDifference& entry) {
    if (entry.after == InodeId::none) return {};
    const DirentKey key{TRY(here(entry.key.parent)), entry.key.name};
    const InodeId id = TRY(here(entry.after));
    ChangedInode* parent = TRY(data_.edit_inode(key.parent));
    ChangedInode* inode = TRY(data_.edit_inode(id));
    data_.put_name(key, *inode, TRY(data_.base_dirent(key)));
    if (inode->record.is_directory()) {
      placed_.insert(id);
      ++subdirectories_[key.parent];
    } else {
      ++inode->record.nlink;
      inode->released = false;
    }
    inode->record.ctime_ns = now_ns_;
    touch(*parent);
    return {};
  }

  /// Links of directories are counted when all names stand: one that moves loses its own first.
  Result<void> count_links() {
    std::set<InodeId> directories = unplaced_;
    directories.insert(placed_.begin(), placed_.end());
    for (const auto& [id, more] : subdirectories_)
      directories.insert(id);
    for (const InodeId id : directories) {
      const auto in_base = TRY(catalog_.find_inode(data_.base, id));
      const std::int64_t links = std::int64_t{in_base ? in_base->nlink : 2U} + subdirectories_[id];
      const bool gone = unplaced_.contains(id) && !placed_.contains(id);
      ChangedInode* directory = TRY(data_.edit_inode(id));
      directory->record.nlink = gone ? 0 : static_cast<std::uint32_t>(links);
      directory->released = gone;
    }
    return {};
  }

  /// The inode of the target as the session has it: itself where the base has it, else a new one
  /// like it.
  Result<InodeId> here(InodeId id) {
    if (const auto known = made_.find(id); known != made_.end()) return known->second;
    if (TRY(data_.find_inode(id))) return id;
    auto record = TRY(catalog_.find_inode(difference_.to, id));
    if (!record) return fail(EIO, "a name leads to no inode");
    ChangedInode made;
    made.made_here = true;
    made.record = *std::move(record);
    made.record.id = TRY(data_.context.ids->next_inode());
    made.record.nlink = made.record.is_directory() ? 2 : 0;
    made.record.ctime_ns = now_ns_;
    made.record.since = SeqNo::none;
    const InodeId mine = made.record.id;
    data_.changes.add_inode(std::move(made));
    for (auto& [name, value] : TRY(catalog_.list_xattrs(difference_.to, id)))
      data_.changes.put_xattr({mine, name}, std::move(value));
    made_.emplace(id, mine);
    return mine;
  }

  void touch(ChangedInode& directory) {
    if (directory.made_here) return;  // it has the times of the version it is from
    directory.record.ctime_ns = now_ns_;
    if (times_ == Times::of_now) directory.record.mtime_ns = now_ns_;
  }

  // Inodes that both have.

  Result<void> change_inode(const InodeDifference& inode) {
    if (!inode.before || !inode.after || made_.contains(inode.id)) return {};
    const bool restores_times = times_ == Times::restored && inode.changed_times();
    if (!inode.changed_content() && !inode.changed_attributes() && !restores_times) return {};
    ChangedInode* changed = TRY(data_.edit_inode(inode.id));
    InodeRecord& record = changed->record;
    const InodeRecord& after = *inode.after;
    record.ctime_ns = now_ns_;
    if (inode.changed_content()) {
      record.object = after.object;
      record.size_bytes = after.size_bytes;
      record.mtime_ns = after.mtime_ns;
      record.atime_ns = after.atime_ns;
    }
    if (after.mode != inode.before->mode) record.mode = after.mode, changed->mode_set = true;
    if (after.uid != inode.before->uid) record.uid = after.uid, changed->uid_set = true;
    if (after.gid != inode.before->gid) record.gid = after.gid, changed->gid_set = true;
    if (restores_times) {
      record.mtime_ns = after.mtime_ns;
      record.atime_ns = after.atime_ns;
      changed->times_set = true;
    }
    for (const XattrDelta& xattr : inode.xattrs)
      data_.changes.put_xattr(xattr.key, xattr.after);
    return {};
  }

  Result<bool> reaches_root(InodeId id) {
    for (int depth = 0; id != InodeId::root; ++depth) {
      const auto name = TRY(data_.name_of(id));
      if (!name) return true;  // it went with what it is in
      if (depth == kDepthMax) return false;
      id = name->parent;
    }
    return true;
  }

  SessionData& data_;
  CatalogReader& catalog_;
  const Difference& difference_;
  const Times times_;
  const TimeNs now_ns_;
  std::set<std::string> obstacles_;
  std::map<InodeId, InodeId> made_;                 // inodes of the target to those made here
  std::set<InodeId> unplaced_;                      // directories that lost their name
  std::set<InodeId> placed_;                        // directories that got one
  std::map<InodeId, std::int64_t> subdirectories_;  // how many more a directory has now
};

/// A session that is thrown away when it could not be staged as a whole has nothing to undo; any
/// other must not have changed before.
Result<void> check_unchanged(const SessionData& data) {
  if (data.changes.dirents().empty() && data.changes.inodes().empty()) return {};
  return fail(EBUSY, "the session has changes of its own");
}

/// Takes back what was staged over an unchanged base.
void unstage(SessionData& data) {
  std::vector<DirentKey> keys;
  for (const auto& [key, inode] : data.changes.dirents())
    keys.push_back(key);
  std::vector<InodeId> inodes;
  for (const auto& [id, inode] : data.changes.inodes())
    inodes.push_back(id);
  std::vector<XattrKey> xattrs;
  for (const auto& [key, value] : data.changes.xattrs())
    xattrs.push_back(key);
  for (const DirentKey& key : keys)
    data.changes.forget_dirent(key);
  for (const XattrKey& key : xattrs)
    data.changes.forget_xattr(key);
  for (const InodeId id : inodes)
    data.changes.forget_inode(id);
}

Result<std::vector<std::string>> stage(SessionData& data, const Difference& difference,
                                       Stager::Times times) {
  TRY(check_unchanged(data));
  Stager stager(data, difference, times);
  const auto staged = [&]() -> Result<void> {
    TRY(stager.find_obstacles());
    if (!stager.obstacles().empty()) return {};
    TRY(stager.stage());
    return stager.find_obstacles_after();
  }();
  if (!staged || !stager.obstacles().empty()) unstage(data);
  TRY(staged);
  return std::vector<std::string>(stager.obstacles().begin(), stager.obstacles().end());
}

}  // namespace

Result<void> stage_restore(Session& session, const Difference& difference) {
  return session.mutate([&](SessionData& data) -> Result<void> {
    const auto obstacles = TRY(stage(data, difference, Stager::Times::restored));
    if (obstacles.empty()) return {};
    return fail(EIO, "the base of a restore is not as it was compared: " + obstacles.front());
  });
}

Result<std::vector<std::string>> stage_inverse(Session& session, const Difference& difference) {
  return session.mutate(
      [&](SessionData& data) { return stage(data, difference, Stager::Times::of_now); });
}

}  // namespace commitfs::past
