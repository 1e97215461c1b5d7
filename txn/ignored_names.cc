#include "txn/ignored_names.h"

#include <algorithm>
#include <cerrno>

namespace commitfs {
namespace {

class Adjuster {
 public:
  Adjuster(Delta delta, CatalogReader& head) : delta_(std::move(delta)), head_(head) {}

  Result<void> adjust(const IgnoredName& name) {
    if (name.theirs != InodeId::none) TRY(remember_theirs(name.theirs));
    if (name.in_place != InodeId::none) return make_anew(name);
    dirent_at(name.key)->before = name.theirs;
    return {};
  }

  Delta take() { return std::move(delta_); }

 private:
  std::vector<DirentDelta>::iterator dirent_at(const DirentKey& key) {
    return std::ranges::lower_bound(delta_.dirents, key, {}, &DirentDelta::key);
  }

  Result<void> remember_theirs(InodeId theirs) {
    auto record = TRY(head_.find_inode(TRY(head_.head_seq_no()), theirs));
    if (!record) return fail(EIO, "a name of the head leads to no inode");
    delta_.before.emplace(theirs, *std::move(record));
    return {};
  }

  /// The head lost the inode whose bytes I changed in place: it is made here, under its old id.
  Result<void> make_anew(const IgnoredName& name) {
    const auto inode = std::ranges::lower_bound(
        delta_.inodes, name.in_place, {}, [](const InodeDelta& each) { return each.mine.id; });
    inode->before.reset();
    inode->base_links.clear();
    inode->mode = inode->uid = inode->gid = inode->times = false;
    delta_.dirents.insert(dirent_at(name.key), {name.key, name.theirs, name.in_place});
    delta_.directory_mtimes.try_emplace(name.key.parent, inode->mine.mtime_ns);
    return bring_xattrs(name.in_place);
  }

  /// Those of the base are gone with it; mine go on top.
  Result<void> bring_xattrs(InodeId id) {
    std::vector<XattrDelta> all;
    for (const XattrDelta& xattr : delta_.xattrs) {
      if (xattr.key.inode != id) all.push_back(xattr);
    }
    auto values = TRY(head_.list_xattrs(delta_.base, id));
    for (const XattrDelta& xattr : delta_.xattrs) {
      if (xattr.key.inode != id) continue;
      std::erase_if(values, [&](const auto& value) { return value.first == xattr.key.name; });
      if (xattr.after) values.emplace_back(xattr.key.name, *xattr.after);
    }
    for (auto& [name, value] : values)
      all.push_back({{id, name}, std::nullopt, std::move(value)});
    std::ranges::sort(all, {}, &XattrDelta::key);
    delta_.xattrs = std::move(all);
    return {};
  }

  Delta delta_;
  CatalogReader& head_;
};

}  // namespace

Result<Delta> over_ignored_names(Delta delta, const std::vector<IgnoredName>& names,
                                 CatalogReader& head) {
  Adjuster adjuster(std::move(delta), head);
  for (const IgnoredName& name : names)
    TRY(adjuster.adjust(name));
  return adjuster.take();
}

}  // namespace commitfs
