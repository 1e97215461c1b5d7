#include "txn/head_view.h"

#include <algorithm>
#include <cerrno>
#include <tuple>

namespace commitfs {

Result<DirectoryHead> HeadView::directory(InodeId id) {
  if (const auto known = directories_.find(id); known != directories_.end()) return known->second;
  const DirectoryHead head = TRY(catalog_.directory_head(id));
  directories_.emplace(id, head);
  return head;
}

Result<const VersionRecord*> HeadView::version(SeqNo seq_no) {
  auto known = versions_.find(seq_no);
  if (known == versions_.end()) {
    auto record = TRY(catalog_.find_version(seq_no));
    // A version that was expired since: its number is all that can be said of it.
    if (!record) record = VersionRecord{.seq_no = seq_no};
    known = versions_.emplace(seq_no, std::move(*record)).first;
  }
  return &known->second;
}

Result<void> ConflictCollector::add(ConflictCategory category, const DirentKey& key, SeqNo winner,
                                    std::string detail) {
  Conflict conflict{.category = category,
                    .path = delta_.path_of(key),
                    .group = {},
                    .detail = std::move(detail),
                    .winner = {}};
  // Attributes and directories are in no group with others.
  conflict.group = category == ConflictCategory::attribute ? conflict.path : group_of(key);
  return put(std::move(conflict), winner);
}

Result<void> ConflictCollector::add_path(ConflictCategory category, std::string path, SeqNo winner,
                                         std::string detail) {
  return put({.category = category,
              .path = path,
              .group = path,
              .detail = std::move(detail),
              .winner = {}},
             winner);
}

std::string ConflictCollector::group_of(const DirentKey& key) const {
  const auto change = std::ranges::lower_bound(delta_.dirents, key, {}, &DirentDelta::key);
  const bool changed = change != delta_.dirents.end() && change->key == key;
  if (changed && !delta_.touches_file(*change)) return delta_.path_of(key);
  const auto directory = delta_.directory_paths.find(key.parent);
  return groups_.text_of(directory == delta_.directory_paths.end() ? "" : directory->second,
                         key.name);
}

bool ConflictCollector::has(const DirentKey& key) const {
  return speaks_of(delta_.path_of(key));
}

/// Rows 12 and 13: between a rewrite and a writer of the same data it is the layout that yields,
/// whatever each did to it.
ConflictCategory ConflictCollector::in_view_of_rewrites(ConflictCategory category,
                                                        const VersionRecord& winner) const {
  switch (category) {
    case ConflictCategory::update_update:
    case ConflictCategory::update_delete:
    case ConflictCategory::delete_update:
    case ConflictCategory::delete_delete:
    case ConflictCategory::rename_rename:
      return delta_.rewrites || winner.operation == "rewrite" ? ConflictCategory::rewrite_write
                                                              : category;
    default:
      return category;
  }
}

Result<void> ConflictCollector::put(Conflict conflict, SeqNo winner) {
  const VersionRecord& version = *TRY(head_.version(winner));
  conflict.category = in_view_of_rewrites(conflict.category, version);
  if (!seen_.emplace(conflict.path, conflict.category).second) return {};
  if (full()) {
    omit(conflict.category);
    return {};
  }
  ++report_.counts[conflict.category];
  conflict.winner = version;
  report_.conflicts.push_back(std::move(conflict));
  return {};
}

bool ConflictCollector::speaks_of(const std::string& path) const {
  const auto known = seen_.lower_bound({path, ConflictCategory{}});
  return known != seen_.end() && known->first == path;
}

void ConflictCollector::note(std::string text) {
  if (report_.notes.size() < ConflictReport::kMaxInFull) report_.notes.push_back(std::move(text));
}

void ConflictCollector::finish() {
  std::ranges::sort(report_.conflicts, {}, [](const Conflict& conflict) {
    return std::tie(conflict.path, conflict.category);
  });
}

}  // namespace commitfs
