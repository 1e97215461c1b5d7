#include "txn/past/path_changes.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>
#include <tuple>

#include "txn/change_text.h"
#include "txn/text.h"
#include "txn/version_name.h"

namespace commitfs::past {
namespace {

/// Paths of one version's names.
class Paths {
 public:
  Paths(CatalogReader& catalog, SeqNo at) : catalog_(catalog), at_(at) {}

  Result<std::string> of(const DirentKey& key) {
    const std::string above = TRY(of_directory(key.parent));
    return above.empty() ? key.name : above + '/' + key.name;
  }

 private:
  Result<std::string> of_directory(InodeId directory) {
    if (directory == InodeId::root) return std::string();
    if (const auto known = known_.find(directory); known != known_.end()) return known->second;
    const auto links = TRY(catalog_.links_of(at_, directory));
    if (links.empty()) return fail(EIO, "a directory has no place");
    std::string path = TRY(of(links.front()));
    return known_.emplace(directory, std::move(path)).first->second;
  }

  CatalogReader& catalog_;
  const SeqNo at_;
  std::map<InodeId, std::string> known_;
};

class PathComparison {
 public:
  PathComparison(CatalogReader& catalog, const Difference& difference)
      : catalog_(catalog),
        difference_(difference),
        before_(catalog, difference.from),
        after_(catalog, difference.to) {}

  Result<std::vector<PathChange>> run() {
    TRY(collect_entries());
    TRY(match_paths());
    match_renames();
    add_rest();
    TRY(add_changed_in_place());
    std::ranges::sort(changes_, {}, [](const PathChange& change) {
      return std::tie(change.path, change.kind, change.old_path);
    });
    return std::move(changes_);
  }

 private:
  using Side = std::map<std::string, InodeId>;

  Result<void> collect_entries() {
    for (const EntryDifference& entry : difference_.entries) {
      if (entry.before != InodeId::none) gone_.emplace(TRY(before_.of(entry.key)), entry.before);
      if (entry.after != InodeId::none) come_.emplace(TRY(after_.of(entry.key)), entry.after);
    }
    return {};
  }

  Result<InodeRecord> record(SeqNo at, InodeId id) {
    auto found = TRY(catalog_.find_inode(at, id));
    if (!found) return fail(EIO, "a name leads to no inode");
    return *std::move(found);
  }
  Result<PathChange> change_of(const std::string& path, InodeId before, InodeId after) {
    PathChange change;
    change.kind = ChangeKind::modified;
    change.path = path;
    change.before = TRY(record(difference_.from, before));
    change.after = TRY(record(difference_.to, after));
    const InodeRecord& a = *change.before;
    const InodeRecord& b = *change.after;
    change.content = (a.mode & S_IFMT) != (b.mode & S_IFMT) || a.object != b.object ||
                     a.symlink_target != b.symlink_target || a.rdev != b.rdev;
    change.attributes = a.mode != b.mode || a.uid != b.uid || a.gid != b.gid;
    if (!change.attributes) {
      change.attributes = TRY(catalog_.list_xattrs(difference_.from, before)) !=
                          TRY(catalog_.list_xattrs(difference_.to, after));
    }
    if (!change.content) change.kind = ChangeKind::attributes;
    return change;
  }

  /// A path of both versions, with other inodes behind.
  Result<void> match_paths() {
    for (auto old = gone_.begin(); old != gone_.end();) {
      const auto now = come_.find(old->first);
      if (now == come_.end()) {
        ++old;
        continue;
      }
      PathChange change = TRY(change_of(old->first, old->second, now->second));
      if (change.content || change.attributes) changes_.push_back(std::move(change));
      come_.erase(now);
      old = gone_.erase(old);
    }
    return read_records();
  }

  Result<void> read_records() {
    for (const auto& [path, id] : gone_)
      records_before_.emplace(id, TRY(record(difference_.from, id)));
    for (const auto& [path, id] : come_)
      records_after_.emplace(id, TRY(record(difference_.to, id)));
    return {};
  }

  void match_renames() {
    std::multimap<InodeId, std::string> old_names;
    for (const auto& [path, id] : gone_)
      old_names.emplace(id, path);
    for (auto now = come_.begin(); now != come_.end();) {
      const auto old = old_names.find(now->second);
      if (old == old_names.end()) {
        ++now;
        continue;
      }
      PathChange change;
      change.kind = ChangeKind::renamed;
      change.path = now->first;
      change.old_path = old->second;
      change.before = records_before_.at(now->second);
      change.after = records_after_.at(now->second);
      if (const auto* inode = difference_.find_inode(now->second)) {
        change.content = inode->changed_content();
        change.attributes = inode->changed_attributes();
      }
      changes_.push_back(std::move(change));
      gone_.erase(old->second);
      old_names.erase(old);
      now = come_.erase(now);
    }
  }

  void add_rest() {
    for (const auto& [path, id] : gone_) {
      PathChange change;
      change.kind = ChangeKind::deleted;
      change.path = path;
      change.before = records_before_.at(id);
      changes_.push_back(std::move(change));
    }
    for (const auto& [path, id] : come_) {
      PathChange change;
      change.path = path;
      change.after = records_after_.at(id);
      changes_.push_back(std::move(change));
    }
  }

  /// Names that stand for the same inode in both, which is not the same.
  Result<void> add_changed_in_place() {
    std::set<DirentKey> spoken_of;
    for (const EntryDifference& entry : difference_.entries)
      spoken_of.insert(entry.key);
    for (const InodeDifference& inode : difference_.inodes) {
      if (!inode.changed_content() && !inode.changed_attributes()) continue;
      if (inode.id == InodeId::root) changes_.push_back(in_place(".", inode));
      for (const DirentKey& key : TRY(catalog_.links_of(difference_.to, inode.id))) {
        if (!spoken_of.contains(key)) changes_.push_back(in_place(TRY(after_.of(key)), inode));
      }
    }
    return {};
  }

  static PathChange in_place(std::string path, const InodeDifference& inode) {
    PathChange change;
    change.kind = inode.changed_content() ? ChangeKind::modified : ChangeKind::attributes;
    change.path = std::move(path);
    change.before = inode.before;
    change.after = inode.after;
    change.content = inode.changed_content();
    change.attributes = inode.changed_attributes();
    return change;
  }

  CatalogReader& catalog_;
  const Difference& difference_;
  Paths before_;
  Paths after_;
  Side gone_;
  Side come_;
  std::map<InodeId, InodeRecord> records_before_;
  std::map<InodeId, InodeRecord> records_after_;
  std::vector<PathChange> changes_;
};

std::string_view type_of(mode_t mode) {
  if (S_ISREG(mode)) return "file";
  if (S_ISDIR(mode)) return "directory";
  return S_ISLNK(mode) ? "link" : "special";
}

nlohmann::ordered_json side_of(const InodeRecord& inode) {
  nlohmann::ordered_json side = {{"size", inode.size_bytes},
                                 {"mode", fmt::format("{:04o}", inode.mode & 07777U)},
                                 {"uid", inode.uid},
                                 {"gid", inode.gid},
                                 {"mtime", format_time(inode.mtime_ns)},
                                 {"version", raw(inode.since)}};
  if (S_ISLNK(inode.mode)) side["target"] = to_utf8(inode.symlink_target).text;
  return side;
}

}  // namespace

Result<std::vector<PathChange>> list_path_changes(CatalogReader& catalog,
                                                  const Difference& difference) {
  auto changes = TRY(PathComparison(catalog, difference).run());
  TRY(check_there(catalog, difference.from));
  TRY(check_there(catalog, difference.to));
  return changes;
}

std::string format_path_change(const PathChange& change) {
  return change_line(change.kind, change.path, change.old_path);
}

std::string path_change_json(const PathChange& change) {
  nlohmann::ordered_json json;
  json["change"] = std::string(1, letter_of(change.kind));
  json["path"] = to_utf8(change.path).text;
  if (change.kind == ChangeKind::renamed) json["old_path"] = to_utf8(change.old_path).text;
  json["type"] = type_of(change.after ? change.after->mode : change.before->mode);
  if (change.before && change.after) {
    json["content"] = change.content;
    json["attributes"] = change.attributes;
  }
  if (change.before) json["before"] = side_of(*change.before);
  if (change.after) json["after"] = side_of(*change.after);
  return json.dump();
}

ChangeTotals total_of(const std::vector<PathChange>& changes) {
  ChangeTotals totals;
  for (const PathChange& change : changes) {
    if (change.kind == ChangeKind::added) ++totals.added;
    if (change.kind == ChangeKind::deleted) ++totals.deleted;
    if (change.kind == ChangeKind::renamed) ++totals.renamed;
    if (change.kind == ChangeKind::modified || change.kind == ChangeKind::attributes)
      ++totals.modified;
    if (change.before) totals.bytes_before += change.before->size_bytes;
    if (change.after) totals.bytes_after += change.after->size_bytes;
  }
  return totals;
}

}  // namespace commitfs::past
