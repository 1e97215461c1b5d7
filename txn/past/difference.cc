#include "txn/past/difference.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>

namespace commitfs::past {
namespace {

using Xattrs = std::map<std::string, std::string>;

Result<Xattrs> xattrs_at(CatalogReader& catalog, SeqNo at, InodeId inode) {
  Xattrs xattrs;
  for (auto& [name, value] : TRY(catalog.list_xattrs(at, inode)))
    xattrs.emplace(std::move(name), std::move(value));
  return xattrs;
}

std::optional<std::string> value_of(const Xattrs& xattrs, const std::string& name) {
  const auto found = xattrs.find(name);
  return found == xattrs.end() ? std::nullopt : std::optional(found->second);
}

std::vector<XattrDelta> xattr_differences(InodeId inode, const Xattrs& before,
                                          const Xattrs& after) {
  std::set<std::string> names;
  for (const auto& [name, value] : before)
    names.insert(name);
  for (const auto& [name, value] : after)
    names.insert(name);
  std::vector<XattrDelta> differences;
  for (const std::string& name : names) {
    XattrDelta xattr{{inode, name}, value_of(before, name), value_of(after, name)};
    if (xattr.before != xattr.after) differences.push_back(std::move(xattr));
  }
  return differences;
}

class Comparison {
 public:
  Comparison(CatalogReader& catalog, SeqNo from, SeqNo to) : catalog_(catalog) {
    difference_.from = from;
    difference_.to = to;
  }

  Result<Difference> run() {
    if (difference_.from == SeqNo::none) {
      TRY(add_tree(InodeId::root));
    } else {
      TRY(add_touched());
    }
    for (const DirentKey& key : keys_)
      TRY(compare_entry(key));
    for (const InodeId id : inodes_)
      TRY(compare_inode(id));
    return std::move(difference_);
  }

 private:
  Result<void> add_tree(InodeId directory) {
    constexpr std::size_t kPage = 1000;
    std::vector<InodeId> left{directory};
    inodes_.insert(directory);
    while (!left.empty()) {
      const InodeId parent = left.back();
      left.pop_back();
      std::string after;
      for (std::size_t got = kPage; got == kPage;) {
        const auto page = TRY(catalog_.list(difference_.to, parent, after, kPage));
        for (const ListedDirent& entry : page) {
          keys_.insert({parent, entry.name});
          if (entry.inode.is_directory()) left.push_back(entry.inode.id);
        }
        if (!page.empty()) after = page.back().name;
        got = page.size();
      }
    }
    return {};
  }

  Result<void> add_touched() {
    const auto [first, last] = std::minmax(difference_.from, difference_.to);
    const Touched touched = TRY(catalog_.touched_between(first, last));
    inodes_.insert(touched.inodes.begin(), touched.inodes.end());
    keys_.insert(touched.dirents.begin(), touched.dirents.end());
    // Records name a renamed inode's new name only.
    for (const InodeId id : touched.inodes) {
      for (const SeqNo at : {difference_.from, difference_.to}) {
        for (DirentKey& key : TRY(catalog_.links_of(at, id)))
          keys_.insert(std::move(key));
      }
    }
    return {};
  }

  Result<InodeId> inode_at(SeqNo at, const DirentKey& key) {
    if (at == SeqNo::none) return InodeId::none;
    const auto found = TRY(catalog_.find_dirent(at, key.parent, key.name));
    return found ? found->inode : InodeId::none;
  }

  Result<void> compare_entry(const DirentKey& key) {
    const InodeId before = TRY(inode_at(difference_.from, key));
    const InodeId after = TRY(inode_at(difference_.to, key));
    if (before == after) return {};
    inodes_.insert(key.parent);
    for (const InodeId id : {before, after}) {
      if (id != InodeId::none) inodes_.insert(id);
    }
    difference_.entries.push_back({key, before, after});
    return {};
  }

  Result<void> compare_inode(InodeId id) {
    InodeDifference inode;
    inode.id = id;
    if (difference_.from != SeqNo::none)
      inode.before = TRY(catalog_.find_inode(difference_.from, id));
    inode.after = TRY(catalog_.find_inode(difference_.to, id));
    if (inode.before && inode.after) {
      inode.xattrs = xattr_differences(id, TRY(xattrs_at(catalog_, difference_.from, id)),
                                       TRY(xattrs_at(catalog_, difference_.to, id)));
      if (!differs(inode)) return {};
    } else if (!inode.before && !inode.after) {
      return {};
    }
    difference_.inodes.push_back(std::move(inode));
    return {};
  }

  static bool differs(const InodeDifference& inode) {
    return inode.before->nlink != inode.after->nlink || inode.changed_content() ||
           inode.changed_attributes() || inode.changed_times();
  }

  CatalogReader& catalog_;
  std::set<DirentKey> keys_;
  std::set<InodeId> inodes_;
  Difference difference_;
};

}  // namespace

Result<void> check_there(CatalogReader& catalog, SeqNo version) {
  if (version == SeqNo::none || TRY(catalog.find_version(version))) return {};
  return fail(ESTALE, fmt::format("version {} has expired meanwhile", raw(version)));
}

bool InodeDifference::changed_attributes() const {
  return before && after &&
         (!xattrs.empty() || before->mode != after->mode || before->uid != after->uid ||
          before->gid != after->gid);
}

bool InodeDifference::changed_times() const {
  return before && after &&
         (before->mtime_ns != after->mtime_ns || before->atime_ns != after->atime_ns);
}

const InodeDifference* Difference::find_inode(InodeId id) const {
  const auto found = std::ranges::lower_bound(inodes, id, {}, &InodeDifference::id);
  return found != inodes.end() && found->id == id ? &*found : nullptr;
}

Result<Difference> compare_versions(CatalogReader& catalog, SeqNo from, SeqNo to) {
  auto difference = TRY(Comparison(catalog, from, to).run());
  TRY(check_there(catalog, from));
  TRY(check_there(catalog, to));
  return difference;
}

}  // namespace commitfs::past
