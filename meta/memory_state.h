#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "meta/base/error.h"
#include "meta/types.h"

namespace commitfs {

/// What each key stood for since which version. A value that is gone is remembered as an empty one.
template <typename Key, typename Value>
class VersionedMap {
 public:
  using Slices = std::map<SeqNo, std::optional<Value>>;

  void set(const Key& key, SeqNo since, std::optional<Value> value) {
    slices_[key][since] = std::move(value);
  }

  /// Null when there is none at that version.
  const Value* find(SeqNo at, const Key& key) const {
    const auto found = slices_.find(key);
    return found == slices_.end() ? nullptr : visible(at, found->second);
  }

  /// Calls `visit(key, value)` for all there are at that version with keys from `first` on, in
  /// order, while it returns true.
  template <typename Visit>
  void visit_from(SeqNo at, const Key& first, Visit visit) const {
    for (auto entry = slices_.lower_bound(first); entry != slices_.end(); ++entry) {
      const Value* value = visible(at, entry->second);
      if (value != nullptr && !visit(entry->first, *value)) return;
    }
  }

  template <typename Visit>
  void visit_all(Visit visit) const {
    for (const auto& [key, slices] : slices_) {
      for (const auto& [since, value] : slices) {
        if (value) visit(*value);
      }
    }
  }

  /// Forgets what each key stood for where `is_seen(since, until)` is false, except what it stands
  /// for now. Answers how many values went.
  template <typename IsSeen>
  std::size_t prune(IsSeen is_seen) {
    std::size_t gone = 0;
    for (auto entry = slices_.begin(); entry != slices_.end();) {
      Slices& slices = entry->second;
      for (auto slice = slices.begin(); std::next(slice) != slices.end();) {
        const SeqNo until = std::next(slice)->first;
        if (slice->second && !is_seen(slice->first, until)) {
          slice->second.reset();
          ++gone;
        }
        // What is gone needs no place of its own when nothing stood there before.
        const bool says_nothing = !slice->second && slice == slices.begin();
        slice = says_nothing ? slices.erase(slice) : std::next(slice);
      }
      const bool empty = slices.size() == 1 && !slices.begin()->second;
      entry = empty ? slices_.erase(entry) : std::next(entry);
    }
    return gone;
  }

 private:
  static const Value* visible(SeqNo at, const Slices& slices) {
    auto after = slices.upper_bound(at);
    if (after == slices.begin()) return nullptr;
    const auto& value = std::prev(after)->second;
    return value ? &*value : nullptr;
  }

  std::map<Key, Slices> slices_;
};

/// All a memory catalog holds. A value: a transaction is a copy that replaces the original. Its
/// reads are those of CatalogReader, its writes those of CatalogTransaction, which document them.
/// Not thread-safe.
class MemoryState {
 public:
  Result<VersionRecord> head() const;
  Result<SeqNo> head_seq_no() const;
  Result<std::optional<InodeRecord>> find_inode(SeqNo at, InodeId id) const;
  Result<std::optional<DirentRecord>> find_dirent(SeqNo at, InodeId parent,
                                                  std::string_view name) const;
  Result<std::optional<InodeRecord>> find_child(SeqNo at, InodeId parent,
                                                std::string_view name) const;
  Result<std::vector<ListedDirent>> list(SeqNo at, InodeId parent, std::string_view after,
                                         std::size_t limit) const;
  Result<std::vector<DirentKey>> links_of(SeqNo at, InodeId inode) const;
  Result<std::optional<std::string>> find_xattr(SeqNo at, InodeId inode,
                                                std::string_view name) const;
  Result<std::vector<std::pair<std::string, std::string>>> list_xattrs(SeqNo at,
                                                                       InodeId inode) const;
  Result<std::optional<VersionRecord>> find_version(SeqNo seq_no) const;
  Result<std::vector<VersionRecord>> list_versions(SeqNo before, std::size_t limit) const;
  Result<std::optional<VersionRecord>> find_version_at(TimeNs time_ns) const;
  Result<std::optional<VersionRecord>> find_version_by_token(std::string_view token) const;
  Result<std::optional<VersionRecord>> find_version_by_session_id(SessionId id) const;
  Result<std::optional<VersionRecord>> find_version_by_session_name(std::string_view name) const;
  Result<std::vector<ChangeRecord>> list_changes(SeqNo seq_no) const;
  Result<Touched> touched_between(SeqNo from, SeqNo to) const;
  Result<std::vector<ObjectId>> list_unnamed_objects(std::size_t limit) const;
  Result<std::optional<TagRecord>> find_tag(std::string_view name) const;
  Result<std::vector<TagRecord>> list_tags(std::string_view after, std::size_t limit) const;
  Result<std::vector<TagRecord>> tags_of(SeqNo seq_no) const;
  Result<GroupHead> group_head(const GroupKey& key) const;
  Result<DirectoryHead> directory_head(InodeId directory) const;
  Result<Term> current_term() const;
  Result<std::optional<std::string>> find_config(std::string_view key) const;

  void put_inode(SeqNo seq_no, InodeRecord record);
  void remove_inode(SeqNo seq_no, InodeId id);
  void put_dirent(SeqNo seq_no, const DirentKey& key, InodeId inode);
  void remove_dirent(SeqNo seq_no, const DirentKey& key);
  void put_xattr(SeqNo seq_no, const XattrKey& key, std::string_view value);
  void remove_xattr(SeqNo seq_no, const XattrKey& key);
  void put_group_head(const GroupKey& key, const GroupHead& head);
  void put_directory_head(InodeId directory, const DirectoryHead& head);
  void put_object(ObjectId id, std::uint64_t size_bytes);
  Result<void> add_version(const VersionRecord& version, std::vector<ChangeRecord> changes);
  Result<void> put_tag(const TagRecord& tag);
  Result<void> remove_tag(std::string_view name);
  Result<void> remove_versions(std::span<const SeqNo> versions);
  Result<std::size_t> prune(PruneCursor& cursor);
  void forget_objects(std::span<const ObjectId> ids);
  Term raise_term();
  void put_config(std::string_view key, std::string_view value);

 private:
  /// The newest version for which `matches` is true.
  template <typename Matches>
  std::optional<VersionRecord> newest_version(Matches matches) const;

  VersionedMap<InodeId, InodeRecord> inodes_;
  VersionedMap<DirentKey, DirentRecord> dirents_;
  VersionedMap<XattrKey, std::string> xattrs_;
  std::map<SeqNo, VersionRecord> versions_;
  std::map<SeqNo, std::vector<ChangeRecord>> changes_;
  std::map<std::string, TagRecord, std::less<>> tags_;
  std::map<GroupKey, GroupHead> group_heads_;
  std::map<InodeId, DirectoryHead> directory_heads_;
  std::map<ObjectId, std::uint64_t> object_sizes_;
  std::map<std::string, std::string, std::less<>> config_;
  Term term_ = Term::none;
};

}  // namespace commitfs
