#include "meta/memory_state.h"

#include <fmt/format.h>

#include <cerrno>
#include <ranges>
#include <set>

#include "meta/touched_keys.h"

namespace commitfs {
namespace {

template <typename Map, typename Key>
std::optional<typename Map::mapped_type> copy_of(const Map& map, const Key& key) {
  const auto found = map.find(key);
  return found == map.end() ? std::nullopt : std::optional(found->second);
}

template <typename Value>
std::optional<Value> copy_of(const Value* value) {
  return value == nullptr ? std::nullopt : std::optional<Value>(*value);
}

std::unexpected<Error> dangling(InodeId id, SeqNo at) {
  return fail(
      EIO, fmt::format("the catalog names inode {} at version {} and has none", raw(id), raw(at)));
}

}  // namespace

// The tree.

Result<std::optional<InodeRecord>> MemoryState::find_inode(SeqNo at, InodeId id) const {
  return copy_of(inodes_.find(at, id));
}

Result<std::optional<DirentRecord>> MemoryState::find_dirent(SeqNo at, InodeId parent,
                                                             std::string_view name) const {
  return copy_of(dirents_.find(at, {.parent = parent, .name = std::string(name)}));
}

Result<std::optional<InodeRecord>> MemoryState::find_child(SeqNo at, InodeId parent,
                                                           std::string_view name) const {
  const auto dirent = TRY(find_dirent(at, parent, name));
  if (!dirent) return std::nullopt;
  const auto* inode = inodes_.find(at, dirent->inode);
  if (inode == nullptr) return dangling(dirent->inode, at);
  return *inode;
}

Result<std::vector<ListedDirent>> MemoryState::list(SeqNo at, InodeId parent,
                                                    std::string_view after,
                                                    std::size_t limit) const {
  std::vector<DirentRecord> found;
  dirents_.visit_from(at, {.parent = parent, .name = std::string(after)},
                      [&](const auto& key, const auto& dirent) {
                        if (key.parent != parent || found.size() == limit) return false;
                        if (key.name > after) found.push_back(dirent);
                        return true;
                      });
  std::vector<ListedDirent> entries;
  for (const auto& dirent : found) {
    const auto* inode = inodes_.find(at, dirent.inode);
    if (inode == nullptr) return dangling(dirent.inode, at);
    entries.push_back({.name = dirent.key.name, .inode = *inode});
  }
  return entries;
}

Result<std::vector<DirentKey>> MemoryState::links_of(SeqNo at, InodeId inode) const {
  std::vector<DirentKey> links;
  dirents_.visit_from(at, {}, [&](const auto& key, const auto& dirent) {
    if (dirent.inode == inode) links.push_back(key);
    return true;
  });
  return links;
}

Result<std::optional<std::string>> MemoryState::find_xattr(SeqNo at, InodeId inode,
                                                           std::string_view name) const {
  return copy_of(xattrs_.find(at, {.inode = inode, .name = std::string(name)}));
}

Result<std::vector<std::pair<std::string, std::string>>> MemoryState::list_xattrs(
    SeqNo at, InodeId inode) const {
  std::vector<std::pair<std::string, std::string>> xattrs;
  xattrs_.visit_from(at, {.inode = inode, .name = {}}, [&](const auto& key, const auto& value) {
    if (key.inode == inode) xattrs.emplace_back(key.name, value);
    return key.inode == inode;
  });
  return xattrs;
}

void MemoryState::put_inode(SeqNo seq_no, InodeRecord record) {
  record.since = seq_no;
  inodes_.set(record.id, seq_no, record);
}

void MemoryState::remove_inode(SeqNo seq_no, InodeId id) {
  std::vector<XattrKey> keys;
  xattrs_.visit_from(seq_no, {.inode = id, .name = {}}, [&](const auto& key, const auto&) {
    if (key.inode == id) keys.push_back(key);
    return key.inode == id;
  });
  for (const auto& key : keys)
    xattrs_.set(key, seq_no, std::nullopt);
  inodes_.set(id, seq_no, std::nullopt);
}

void MemoryState::put_dirent(SeqNo seq_no, const DirentKey& key, InodeId inode) {
  dirents_.set(key, seq_no, DirentRecord{.key = key, .inode = inode, .since = seq_no});
}

void MemoryState::remove_dirent(SeqNo seq_no, const DirentKey& key) {
  dirents_.set(key, seq_no, std::nullopt);
}

void MemoryState::put_xattr(SeqNo seq_no, const XattrKey& key, std::string_view value) {
  xattrs_.set(key, seq_no, std::string(value));
}

void MemoryState::remove_xattr(SeqNo seq_no, const XattrKey& key) {
  xattrs_.set(key, seq_no, std::nullopt);
}

// Versions.

template <typename Matches>
std::optional<VersionRecord> MemoryState::newest_version(Matches matches) const {
  for (const auto& version : versions_ | std::views::values | std::views::reverse) {
    if (matches(version)) return version;
  }
  return std::nullopt;
}

Result<VersionRecord> MemoryState::head() const {
  return versions_.empty() ? VersionRecord{} : versions_.rbegin()->second;
}

Result<SeqNo> MemoryState::head_seq_no() const {
  return versions_.empty() ? SeqNo::none : versions_.rbegin()->first;
}

Result<std::optional<VersionRecord>> MemoryState::find_version(SeqNo seq_no) const {
  return copy_of(versions_, seq_no);
}

Result<std::vector<VersionRecord>> MemoryState::list_versions(SeqNo before,
                                                              std::size_t limit) const {
  std::vector<VersionRecord> versions;
  for (const auto& [seq_no, version] : versions_ | std::views::reverse) {
    if (versions.size() == limit) break;
    if (before == SeqNo::none || seq_no < before) versions.push_back(version);
  }
  return versions;
}

Result<std::optional<VersionRecord>> MemoryState::find_version_at(TimeNs time_ns) const {
  return newest_version([&](const auto& version) { return version.time_ns <= time_ns; });
}

Result<std::optional<VersionRecord>> MemoryState::find_version_by_token(
    std::string_view token) const {
  return newest_version([&](const auto& version) { return version.token == token; });
}

Result<std::optional<VersionRecord>> MemoryState::find_version_by_session_id(SessionId id) const {
  if (id == SessionId::none) return std::nullopt;
  return newest_version([&](const auto& version) { return version.session_id == id; });
}

Result<std::optional<VersionRecord>> MemoryState::find_version_by_session_name(
    std::string_view name) const {
  return newest_version([&](const auto& version) { return version.session == name; });
}

Result<std::vector<ChangeRecord>> MemoryState::list_changes(SeqNo seq_no) const {
  auto changes = copy_of(changes_, seq_no).value_or(std::vector<ChangeRecord>{});
  std::erase_if(changes, [](const auto& change) { return change.kind == ChangeKind::times; });
  return changes;
}

Result<Touched> MemoryState::touched_between(SeqNo from, SeqNo to) const {
  TouchedKeys keys;
  for (auto version = changes_.upper_bound(from); version != changes_.end() && version->first <= to;
       ++version) {
    for (const ChangeRecord& change : version->second)
      keys.add(change.kind, change.inode, change.group.partition, change.path);
  }
  return std::move(keys).take();
}

Result<std::vector<ObjectId>> MemoryState::list_unnamed_objects(std::size_t limit) const {
  std::set<ObjectId> named;
  inodes_.visit_all([&](const InodeRecord& inode) { named.insert(inode.object); });
  std::vector<ObjectId> unnamed;
  for (const auto& [id, size_bytes] : object_sizes_) {
    if (unnamed.size() < limit && !named.contains(id)) unnamed.push_back(id);
  }
  return unnamed;
}

Result<void> MemoryState::remove_versions(std::span<const SeqNo> versions) {
  for (const SeqNo seq_no : versions) {
    if (seq_no == TRY(head_seq_no())) return fail(EBUSY, "remove the newest version");
    if (!TRY(tags_of(seq_no)).empty()) return fail(EBUSY, "remove a version that has a tag");
  }
  for (const SeqNo seq_no : versions)
    versions_.erase(seq_no);
  return {};
}

Result<std::size_t> MemoryState::prune(PruneCursor& cursor) {
  const auto is_seen = [&](SeqNo since, SeqNo until) {
    const auto first = versions_.lower_bound(since);
    return first != versions_.end() && first->first < until;
  };
  std::size_t gone = inodes_.prune(is_seen) + dirents_.prune(is_seen) + xattrs_.prune(is_seen);
  const SeqNo oldest = versions_.empty() ? SeqNo::none : versions_.begin()->first;
  while (!changes_.empty() && changes_.begin()->first < oldest) {
    gone += changes_.begin()->second.size();
    changes_.erase(changes_.begin());
  }
  cursor.done = true;
  return gone;
}

void MemoryState::forget_objects(std::span<const ObjectId> ids) {
  for (const ObjectId id : ids)
    object_sizes_.erase(id);
}

Result<void> MemoryState::add_version(const VersionRecord& version,
                                      std::vector<ChangeRecord> changes) {
  const auto head = TRY(head_seq_no());
  if (raw(version.seq_no) != raw(head) + 1) {
    return fail(EINVAL, fmt::format("add version {} after {}", raw(version.seq_no), raw(head)));
  }
  if (version.token && TRY(find_version_by_token(*version.token)))
    return fail(EEXIST, "add a version: token");
  if (TRY(find_version_by_session_id(version.session_id)))
    return fail(EEXIST, "add a version: session");
  versions_[version.seq_no] = version;
  changes_[version.seq_no] = std::move(changes);
  return {};
}

// Tags.

Result<std::optional<TagRecord>> MemoryState::find_tag(std::string_view name) const {
  return copy_of(tags_, name);
}

Result<std::vector<TagRecord>> MemoryState::list_tags(std::string_view after,
                                                      std::size_t limit) const {
  std::vector<TagRecord> tags;
  for (auto tag = tags_.upper_bound(after); tag != tags_.end() && tags.size() < limit; ++tag)
    tags.push_back(tag->second);
  return tags;
}

Result<std::vector<TagRecord>> MemoryState::tags_of(SeqNo seq_no) const {
  std::vector<TagRecord> tags;
  for (const auto& [name, tag] : tags_) {
    if (tag.seq_no == seq_no) tags.push_back(tag);
  }
  return tags;
}

Result<void> MemoryState::put_tag(const TagRecord& tag) {
  if (!versions_.contains(tag.seq_no)) return fail(ENOENT, "tag a version that is not there");
  tags_[tag.name] = tag;
  return {};
}

Result<void> MemoryState::remove_tag(std::string_view name) {
  const auto found = tags_.find(name);
  if (found == tags_.end()) return fail(ENOENT, "remove a tag that is not there");
  tags_.erase(found);
  return {};
}

// What validation asks, and settings.

Result<GroupHead> MemoryState::group_head(const GroupKey& key) const {
  return copy_of(group_heads_, key).value_or(GroupHead{});
}

Result<DirectoryHead> MemoryState::directory_head(InodeId directory) const {
  return copy_of(directory_heads_, directory).value_or(DirectoryHead{});
}

Result<Term> MemoryState::current_term() const {
  return term_;
}

Result<std::optional<std::string>> MemoryState::find_config(std::string_view key) const {
  return copy_of(config_, key);
}

void MemoryState::put_group_head(const GroupKey& key, const GroupHead& head) {
  group_heads_[key] = head;
}

void MemoryState::put_directory_head(InodeId directory, const DirectoryHead& head) {
  directory_heads_[directory] = head;
}

void MemoryState::put_object(ObjectId id, std::uint64_t size_bytes) {
  object_sizes_[id] = size_bytes;
}

Term MemoryState::raise_term() {
  term_ = Term{raw(term_) + 1};
  return term_;
}

void MemoryState::put_config(std::string_view key, std::string_view value) {
  config_[std::string(key)] = value;
}

}  // namespace commitfs
