#pragma once

#include <map>
#include <optional>
#include <string>

#include "meta/catalog.h"
#include "txn/conflict.h"
#include "txn/delta.h"
#include "txn/file_group.h"

namespace commitfs {

/// What validation asks of the head, each question once. Not thread-safe; lives for one validation.
class HeadView {
 public:
  HeadView(CatalogReader& catalog, SeqNo base, SeqNo head)
      : catalog_(catalog), base_(base), head_(head) {}

  SeqNo base() const { return base_; }
  SeqNo head() const { return head_; }
  CatalogReader& catalog() { return catalog_; }

  /// The heads of one name, whatever its group.
  Result<GroupHead> group(const DirentKey& key) { return group_head({key.parent, key.name}); }
  Result<GroupHead> group_head(const GroupKey& key) { return catalog_.group_head(key); }
  Result<DirectoryHead> directory(InodeId id);
  Result<std::optional<InodeRecord>> inode(InodeId id) { return catalog_.find_inode(head_, id); }
  /// What the name stands for at the head.
  Result<std::optional<InodeRecord>> child(InodeId parent, const std::string& name) {
    return catalog_.find_child(head_, parent, name);
  }
  Result<const VersionRecord*> version(SeqNo seq_no);
  /// True for a version that committed after the session's base.
  bool is_new(SeqNo seq_no) const { return seq_no > base_; }

 private:
  CatalogReader& catalog_;
  const SeqNo base_;
  const SeqNo head_;
  std::map<InodeId, DirectoryHead> directories_;
  std::map<SeqNo, VersionRecord> versions_;
};

/// Gathers conflicts, each once per category and path, and bounds the report.
class ConflictCollector {
 public:
  ConflictCollector(HeadView& head, const Delta& delta, const GroupRules& groups,
                    ConflictReport& report)
      : head_(head), delta_(delta), groups_(groups), report_(report) {}

  /// `key` is the name in the session; the group's text is made from it.
  Result<void> add(ConflictCategory category, const DirentKey& key, SeqNo winner,
                   std::string detail = {});
  /// The same for a directory as a whole, or for the root ("." as its name).
  Result<void> add_path(ConflictCategory category, std::string path, SeqNo winner,
                        std::string detail = {});
  /// True when there is a conflict on that name already.
  bool has(const DirentKey& key) const;
  /// True when a conflict of that path is known, of whatever category.
  bool speaks_of(const std::string& path) const;
  /// There is room for no more: further ones are only counted, by `omit`.
  bool full() const { return report_.conflicts.size() >= ConflictReport::kMaxInFull; }
  void omit(ConflictCategory category) {
    ++report_.omitted;
    ++report_.counts[category];
  }
  void note(std::string text);
  /// Orders by path and counts what was left out.
  void finish();

 private:
  std::string group_of(const DirentKey& key) const;
  ConflictCategory in_view_of_rewrites(ConflictCategory category,
                                       const VersionRecord& winner) const;
  Result<void> put(Conflict conflict, SeqNo winner);

  HeadView& head_;
  const Delta& delta_;
  const GroupRules& groups_;
  ConflictReport& report_;
  std::set<std::pair<std::string, ConflictCategory>> seen_;
};

}  // namespace commitfs
