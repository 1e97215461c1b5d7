#include "txn/head_view.h"

#include <algorithm>
#include <cerrno>
#include <tuple>
#include <tuple>

namespace commitfs {

Result<GroupHead> HeadView::group(const DirentKey& key) {
  // The default rule: every name is a group of its own.
  return catalog_.group_head({key.parent, key.name});
}

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

Result<void> ConflictCollector::add(ConflictCategory category, const DirentKey& key, SeqNo winner, std::string detail) {
  return add_path(category, delta_.path_of(key), winner, std::move(detail));
}

Result<void> ConflictCollector::add_path(ConflictCategory category, std::string path, SeqNo winner, std::string detail) {
  if (!seen_.emplace(path, category).second) return {};
  if (report_.conflicts.size() >= ConflictReport::kMaxInFull) {
    ++report_.omitted;
    return {};
  }
  Conflict conflict{.category = category, .path = path, .group = std::move(path), .detail = std::move(detail), .winner = {}};
  conflict.winner = *TRY(head_.version(winner));
  report_.conflicts.push_back(std::move(conflict));
  return {};
}

void ConflictCollector::note(std::string text) {
  if (report_.notes.size() < ConflictReport::kMaxInFull) report_.notes.push_back(std::move(text));
}

void ConflictCollector::finish() {
  std::ranges::sort(report_.conflicts, {}, [](const Conflict& conflict) { return std::tie(conflict.path, conflict.category); });
}

}  // namespace commitfs
