#include "txn/delta.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <tuple>

#include "txn/file_attributes.h"
#include "txn/lost_base.h"

namespace commitfs {
namespace {

/// One pass over a session's change set, under its lock.
class DeltaBuilder {
 public:
  explicit DeltaBuilder(const SessionData& data) : data_(data), catalog_(*data.context.catalog) {
    delta_.session = data.id;
    delta_.base = data.base;
  }

  Result<Delta> build() {
    TRY(collect_dirents());
    TRY(collect_inodes());
    TRY(collect_xattrs());
    TRY(collect_places());
    return std::move(delta_);
  }

 private:
  bool made_here(InodeId id) const {
    const ChangedInode* changed = data_.changes.find_inode(id);
    return changed != nullptr && changed->made_here;
  }

  Result<void> collect_dirents() {
    for (const auto& [key, after] : data_.changes.dirents()) {
      InodeId before = InodeId::none;
      if (!made_here(key.parent)) {
        const auto record = TRY(catalog_.find_dirent(data_.base, key.parent, key.name));
        if (record) before = record->inode;
      }
      if (after != InodeId::none) names_[after].push_back(key);
      if (before == after) continue;
      delta_.dirents.push_back({key, before, after});
      if (before != InodeId::none) TRY(remember_before(before));
    }
    return {};
  }

  Result<void> remember_before(InodeId id) {
    if (delta_.before.contains(id)) return {};
    const auto record = TRY(inode_before(id));
    if (record) delta_.before.emplace(id, *record);
    return {};
  }

  /// The names an inode has in the base, and those it has in the session.
  Result<void> collect_links(InodeId id, bool in_base, std::vector<DirentKey>& links,
                             std::vector<DirentKey>& base_links) {
    if (const auto named = names_.find(id); named != names_.end()) links = named->second;
    if (!in_base) return {};
    base_links = TRY(catalog_.links_of(data_.base, id));
    for (const DirentKey& key : base_links) {
      if (data_.changes.find_dirent(key) == nullptr) links.push_back(key);
    }
    return {};
  }

  Result<void> collect_inodes() {
    std::vector<InodeId> ids;
    ids.reserve(data_.changes.inodes().size());
    for (const auto& [id, changed] : data_.changes.inodes())
      ids.push_back(id);
    std::ranges::sort(ids);
    for (const InodeId id : ids)
      TRY(collect_inode(id, *data_.changes.find_inode(id)));
    return {};
  }

  /// Nothing for what is left of it in a base that is lost: the session is never committed, but
  /// what it wrote is listed.
  Result<std::optional<InodeRecord>> inode_before(InodeId id) {
    auto before = find_in_base(data_, id);
    if (!before && before.error().code == ESTALE) return std::nullopt;
    if (before && !*before) return fail(EIO, "a changed inode is not in the base");
    return before;
  }

  Result<void> collect_inode(InodeId id, const ChangedInode& changed) {
    InodeDelta delta;
    delta.mine = changed.record;
    if (!changed.made_here) {
      delta.before = TRY(inode_before(id));
    }
    TRY(collect_links(id, !changed.made_here, delta.links, delta.base_links));
    if (delta.links.empty() && id != InodeId::root)
      return {};  // removed, or never named: its names speak for it
    TRY(read_body(changed, delta));
    if (!delta.before) {
      delta_.bytes += delta.content ? delta.mine.size_bytes : 0;
      delta_.inodes.push_back(std::move(delta));
      return {};
    }
    delta.mode = delta.mine.mode != delta.before->mode;
    delta.uid = delta.mine.uid != delta.before->uid;
    delta.gid = delta.mine.gid != delta.before->gid;
    delta.times = changed.times_set;
    if (delta.content) delta_.bytes += delta.mine.size_bytes;
    if (delta.content || delta.attributes()) {
      delta_.inodes.push_back(std::move(delta));
    } else if (delta.times) {
      delta_.times.push_back(std::move(delta));
    }
    return {};
  }

  /// Size and times of a staged body, and whether anybody wrote it.
  Result<void> read_body(const ChangedInode& changed, InodeDelta& delta) {
    if (!changed.body_staged || delta.mine.object == ObjectId::none) {
      delta.shares_body = delta.mine.object != ObjectId::none;
      delta.content =
          delta.mine.is_regular() && delta.before && delta.mine.object != delta.before->object;
      return {};
    }
    const struct stat body = TRY(data_.context.store->stat(delta.mine.object));
    delta.mine.size_bytes = static_cast<std::uint64_t>(body.st_size);
    delta.mine.mtime_ns = to_ns(body.st_mtim);
    delta.mine.atime_ns = to_ns(body.st_atim);
    delta.mine.ctime_ns = std::max(delta.mine.ctime_ns, to_ns(body.st_ctim));
    delta.content = true;
    if (!delta.before || changed.copied_ctime_ns == 0) return {};
    // A copied-up body whose ctime and size never moved was most likely never written; the bytes
    // will decide.
    const bool never_moved = changed.copied_ctime_ns == ChangedInode::kOnlyBytesTell ||
                             to_ns(body.st_ctim) == changed.copied_ctime_ns;
    delta.maybe_unwritten = never_moved && delta.mine.size_bytes == delta.before->size_bytes;
    return {};
  }

  Result<void> collect_xattrs() {
    for (const auto& [key, after] : data_.changes.xattrs()) {
      std::vector<DirentKey> links;
      std::vector<DirentKey> base_links;
      const bool in_base = !made_here(key.inode);
      TRY(collect_links(key.inode, in_base, links, base_links));
      if (links.empty() && key.inode != InodeId::root) continue;
      std::optional<std::string> before;
      if (in_base) before = TRY(catalog_.find_xattr(data_.base, key.inode, key.name));
      if (before == after) continue;
      delta_.xattrs.push_back({key, std::move(before), after});
      delta_.xattr_links.emplace(key.inode, std::move(links));
    }
    return {};
  }

  /// Where a directory stands: in the session, or in the base for one that was removed.
  Result<std::optional<DirentKey>> place_of(InodeId directory) {
    if (directory == InodeId::root) return std::nullopt;
    const ChangedInode* changed = data_.changes.find_inode(directory);
    // One that was removed keeps the place it had last, maybe below one that is gone altogether.
    const bool stands = changed != nullptr && changed->record.nlink > 0;
    if (stands && changed->place) return changed->place;
    const auto links = TRY(catalog_.links_of(data_.base, directory));
    if (links.empty()) return fail(EIO, "a directory has no place");
    return links.front();
  }

  Result<std::string> directory_path(InodeId directory) {
    if (directory == InodeId::root) return std::string();
    if (const auto known = delta_.directory_paths.find(directory);
        known != delta_.directory_paths.end()) {
      return known->second;
    }
    const auto place = TRY(place_of(directory));
    std::string above = TRY(directory_path(place->parent));
    std::string path = above.empty() ? place->name : above + "/" + place->name;
    delta_.directory_paths[directory] = path;
    return path;
  }

  Result<void> note_ancestors(InodeId directory) {
    if (delta_.base_ancestors.contains(directory)) return {};
    std::vector<InodeId> chain{directory};
    while (chain.back() != InodeId::root) {
      const auto links = TRY(catalog_.links_of(data_.base, chain.back()));
      if (links.empty()) return fail(EIO, "a directory of the base has no place");
      chain.push_back(links.front().parent);
    }
    delta_.base_ancestors.emplace(directory, std::move(chain));
    return {};
  }

  Result<void> note_partition(InodeId directory) {
    TRY(directory_path(directory));
    if (!made_here(directory)) TRY(note_ancestors(directory));
    return {};
  }

  Result<void> collect_places() {
    delta_.directory_paths[InodeId::root] = "";
    for (const DirentDelta& change : delta_.dirents) {
      TRY(note_partition(change.key.parent));
      const ChangedInode* parent = data_.changes.find_inode(change.key.parent);
      if (parent != nullptr) delta_.directory_mtimes[change.key.parent] = parent->record.mtime_ns;
    }
    for (const InodeDelta& inode : delta_.inodes)
      TRY(note_links(inode.links));
    for (const auto& [id, links] : delta_.xattr_links)
      TRY(note_links(links));
    return {};
  }

  Result<void> note_links(const std::vector<DirentKey>& links) {
    for (const DirentKey& key : links)
      TRY(note_partition(key.parent));
    return {};
  }

  const SessionData& data_;
  CatalogReader& catalog_;
  Delta delta_;
  std::map<InodeId, std::vector<DirentKey>> names_;  // names in the change set, by inode
};

/// Of directories in which no change is left nothing depends on where they stand.
void drop_places(Delta& delta) {
  std::set<InodeId> changed;
  const auto add = [&](const std::vector<DirentKey>& links) {
    for (const DirentKey& key : links)
      changed.insert(key.parent);
  };
  for (const DirentDelta& change : delta.dirents)
    changed.insert(change.key.parent);
  for (const InodeDelta& inode : delta.inodes)
    add(inode.links);
  for (const auto& [id, links] : delta.xattr_links)
    add(links);
  std::erase_if(delta.base_ancestors,
                [&](const auto& directory) { return !changed.contains(directory.first); });
}

/// Row 33: bodies that were opened for writing and hold the base's bytes are no change. Reads data,
/// so without a lock.
Result<void> drop_unwritten(Delta& delta, const ObjectStore& store) {
  std::vector<InodeDelta> kept;
  kept.reserve(delta.inodes.size());
  for (InodeDelta& inode : delta.inodes) {
    if (inode.maybe_unwritten && TRY(store.identical(inode.mine.object, inode.before->object))) {
      delta.bytes -= inode.mine.size_bytes;
      inode.content = false;
      inode.mine.object = inode.before->object;
      if (!inode.times) inode.mine.mtime_ns = inode.before->mtime_ns;
      if (!inode.attributes()) {
        if (inode.times) delta.times.push_back(std::move(inode));
        continue;
      }
    }
    kept.push_back(std::move(inode));
  }
  const bool dropped = kept.size() != delta.inodes.size();
  delta.inodes = std::move(kept);
  if (dropped) drop_places(delta);
  return {};
}

}  // namespace

Result<Delta> compute_delta(Session& session, const ObjectStore& store) {
  Delta delta =
      TRY(session.read([](const SessionData& data) { return DeltaBuilder(data).build(); }));
  const auto settings = session.settings();
  delta.rewrites = settings->operation == Operation::rewrite;
  delta.replaced_directories = settings->replace;
  TRY(drop_unwritten(delta, store));
  delta.classify();
  return delta;
}

void Delta::classify() {
  std::set<InodeId> appeared;
  only_deletes = !dirents.empty() && inodes.empty() && xattrs.empty();
  for (const DirentDelta& change : dirents) {
    if (change.after == InodeId::none) continue;
    appeared.insert(change.after);
    only_deletes = false;
  }
  for (const DirentDelta& change : dirents) {
    if (change.before == InodeId::none) continue;
    const bool is_directory = before.at(change.before).is_directory();
    if (appeared.contains(change.before)) {
      moved.insert(change.before);
      if (is_directory) directories_moved.insert(change.before);
    } else if (is_directory) {
      directories_removed.insert(change.before);
    }
  }
  for (const InodeDelta& inode : inodes) {
    if (!inode.before && inode.mine.is_directory()) made_directories.insert(inode.mine.id);
  }
}

const InodeDelta* Delta::find_inode(InodeId id) const {
  const auto found = std::ranges::lower_bound(
      inodes, id, {}, [](const InodeDelta& inode) { return inode.mine.id; });
  return found != inodes.end() && found->mine.id == id ? &*found : nullptr;
}

bool Delta::made_here(InodeId id) const {
  const InodeDelta* inode = find_inode(id);
  return inode != nullptr && !inode->before;
}

std::string Delta::path_of(const DirentKey& key) const {
  const auto directory = directory_paths.find(key.parent);
  if (directory == directory_paths.end() || directory->second.empty()) return key.name;
  return directory->second + "/" + key.name;
}

bool Delta::is_directory(InodeId id) const {
  if (const InodeDelta* inode = find_inode(id)) return inode->mine.is_directory();
  const auto record = before.find(id);
  return record != before.end() && record->second.is_directory();
}

bool Delta::touches_file(const DirentDelta& change) const {
  const auto is_file = [&](InodeId id) { return id != InodeId::none && !is_directory(id); };
  return is_file(change.before) || is_file(change.after);
}

std::vector<ChangeRecord> Delta::changes() const {
  std::vector<ChangeRecord> records;
  std::map<InodeId, std::vector<const DirentDelta*>> gone;  // old names of moved inodes
  for (const DirentDelta& change : dirents) {
    if (change.before != InodeId::none && moved.contains(change.before))
      gone[change.before].push_back(&change);
  }
  std::set<InodeId> told;  // inodes whose content needs no line of its own
  const auto add = [&](ChangeKind kind, const DirentKey& key, std::string old_path, InodeId inode) {
    records.push_back({kind,
                       path_of(key),
                       std::move(old_path),
                       inode,
                       {key.parent, key.name},
                       is_directory(inode)});
  };
  std::set<const DirentDelta*> paired;
  for (const DirentDelta& change : dirents) {
    if (change.after == InodeId::none) continue;
    const auto old = gone.find(change.after);
    if (old != gone.end() && !old->second.empty()) {
      const DirentDelta* from = old->second.back();
      old->second.pop_back();
      paired.insert(from);
      add(ChangeKind::renamed, change.key, path_of(from->key), change.after);
      continue;
    }
    add(change.before == InodeId::none ? ChangeKind::added : ChangeKind::modified, change.key, {},
        change.after);
    told.insert(change.after);
  }
  for (const DirentDelta& change : dirents) {
    if (change.after == InodeId::none && !paired.contains(&change))
      add(ChangeKind::deleted, change.key, {}, change.before);
  }
  std::set<InodeId> with_xattrs;
  for (const InodeDelta& inode : inodes) {
    if (!inode.before || told.contains(inode.mine.id)) continue;
    with_xattrs.insert(inode.mine.id);
    const ChangeKind kind = inode.content ? ChangeKind::modified : ChangeKind::attributes;
    if (inode.mine.id == InodeId::root)
      records.push_back({kind, ".", {}, InodeId::root, {InodeId::root, ""}, true});
    for (const DirentKey& key : inode.links)
      add(kind, key, {}, inode.mine.id);
  }
  for (const auto& [id, links] : xattr_links) {
    if (with_xattrs.contains(id) || told.contains(id) || made_here(id)) continue;
    if (id == InodeId::root)
      records.push_back({ChangeKind::attributes, ".", {}, id, {InodeId::root, ""}, true});
    for (const DirentKey& key : links)
      add(ChangeKind::attributes, key, {}, id);
  }
  std::ranges::sort(records, {}, [](const ChangeRecord& record) {
    return std::tie(record.path, record.kind, record.old_path);
  });
  return records;
}

}  // namespace commitfs
