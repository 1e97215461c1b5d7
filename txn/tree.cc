#include "txn/tree.h"

#include <fmt/format.h>

#include <cerrno>

#include "txn/session_data.h"

namespace commitfs {
namespace {

/// The tree at one version of the catalog, which a subclass names at each call. What takes one read
/// asks for what is shown; what takes several reads that must agree pins the version first.
class VersionTree : public Tree {
 public:
  explicit VersionTree(std::shared_ptr<Catalog> catalog) : catalog_(std::move(catalog)) {}

  Result<Attributes> lookup(InodeId parent, std::string_view name) override {
    const SeqNo at = shown();
    auto child = TRY(catalog_->find_child(at, parent, name));
    if (child) return plain_attributes(*std::move(child));
    TRY(directory(at, parent));
    TRY(still_there(at));
    return fail(ENOENT, fmt::format("lookup {}/{}", raw(parent), name));
  }

  Result<Attributes> attributes(InodeId id) override {
    return plain_attributes(TRY(inode(shown(), id)));
  }

  Result<std::vector<ListedAttributes>> list(InodeId id, std::string_view after,
                                             std::size_t limit) override {
    const SeqNo at = shown();
    auto listed = TRY(catalog_->list(at, id, after, limit));
    if (listed.empty()) TRY(directory(at, id));
    TRY(still_there(at));
    std::vector<ListedAttributes> entries;
    entries.reserve(listed.size());
    for (ListedDirent& entry : listed) {
      entries.push_back({std::move(entry.name), plain_attributes(std::move(entry.inode))});
    }
    return entries;
  }

  Result<std::string> xattr(InodeId id, std::string_view name) override {
    const SeqNo at = shown();
    auto value = TRY(catalog_->find_xattr(at, id, name));
    if (value) return *std::move(value);
    TRY(inode(at, id));
    TRY(still_there(at));
    return fail(ENODATA, fmt::format("xattr {} of {}", name, raw(id)));
  }

  Result<std::vector<std::string>> xattr_names(InodeId id) override {
    const SeqNo at = shown();
    std::vector<std::string> names;
    for (auto& [name, value] : TRY(catalog_->list_xattrs(at, id)))
      names.push_back(std::move(name));
    if (names.empty()) TRY(inode(at, id));
    TRY(still_there(at));
    return names;
  }

  Result<InodeId> parent_of(InodeId id) override {
    if (id == InodeId::root) return id;
    const SeqNo at = TRY(version());
    TRY(directory(at, id));
    return TRY(name_of(at, id)).parent;
  }

  Result<std::string> path_of(InodeId id) override {
    const SeqNo at = TRY(version());
    std::string path;
    while (id != InodeId::root) {
      DirentKey name = TRY(name_of(at, id));
      path = path.empty() ? std::move(name.name) : name.name + '/' + path;
      id = name.parent;
    }
    return path;
  }

  Result<GroupKey> group_of(InodeId id) override {
    if (id == InodeId::root) return GroupKey{InodeId::root, {}};
    DirentKey name = TRY(name_of(TRY(version()), id));
    return GroupKey{name.parent, std::move(name.name)};
  }

 protected:
  Catalog& catalog() { return *catalog_; }
  virtual SeqNo shown() = 0;
  virtual Result<SeqNo> version() { return shown(); }
  /// Asked after a read that says what is not there: of a version that was removed, rows go one
  /// after the other. Removed it is before they are. ESTALE.
  virtual Result<void> still_there(SeqNo) { return {}; }

 private:
  Result<InodeRecord> inode(SeqNo at, InodeId id) {
    auto record = TRY(catalog_->find_inode(at, id));
    if (record) return *std::move(record);
    TRY(still_there(at));
    return fail(ENOENT, fmt::format("inode {} in version {}", raw(id), raw(at)));
  }

  Result<InodeRecord> directory(SeqNo at, InodeId id) {
    InodeRecord record = TRY(inode(at, id));
    if (!record.is_directory()) return fail(ENOTDIR, fmt::format("directory {}", raw(id)));
    return record;
  }

  Result<DirentKey> name_of(SeqNo at, InodeId id) {
    auto links = TRY(catalog_->links_of(at, id));
    if (links.empty())
      return fail(ENOENT, fmt::format("name of {} in version {}", raw(id), raw(at)));
    return std::move(links.front());
  }

  const std::shared_ptr<Catalog> catalog_;
};

class SnapshotTree final : public VersionTree {
 public:
  SnapshotTree(std::shared_ptr<Catalog> catalog, SeqNo at)
      : VersionTree(std::move(catalog)), at_(at) {}

 private:
  SeqNo shown() override { return at_; }
  Result<void> still_there(SeqNo at) override {
    if (TRY(catalog().find_version(at))) return {};
    return fail(ESTALE, fmt::format("version {} has expired", raw(at)));
  }
  const SeqNo at_;
};

class LiveTree final : public VersionTree {
 public:
  using VersionTree::VersionTree;

 private:
  SeqNo shown() override { return kNewest; }
  Result<SeqNo> version() override { return catalog().head_seq_no(); }
};

class EmptyTree final : public Tree {
 public:
  explicit EmptyTree(InodeRecord root) : root_(std::move(root)) {}

  Result<Attributes> lookup(InodeId, std::string_view) override { return gone(); }
  Result<Attributes> attributes(InodeId id) override {
    TRY(check(id));
    return plain_attributes(root_);
  }
  Result<std::vector<ListedAttributes>> list(InodeId id, std::string_view, std::size_t) override {
    TRY(check(id));
    return {};
  }
  Result<std::string> xattr(InodeId id, std::string_view) override {
    TRY(check(id));
    return fail(ENODATA, "xattr of an empty tree");
  }
  Result<std::vector<std::string>> xattr_names(InodeId id) override {
    TRY(check(id));
    return {};
  }
  Result<InodeId> parent_of(InodeId id) override {
    TRY(check(id));
    return id;
  }
  Result<std::string> path_of(InodeId id) override {
    TRY(check(id));
    return std::string();
  }
  Result<GroupKey> group_of(InodeId id) override {
    TRY(check(id));
    return GroupKey{id, {}};
  }

 private:
  static std::unexpected<Error> gone() { return fail(ENOENT, "in an empty tree"); }
  Result<void> check(InodeId id) const {
    if (id != root_.id) return gone();
    return {};
  }
  const InodeRecord root_;
};

}  // namespace

std::shared_ptr<Tree> make_empty_tree(InodeRecord root) {
  return std::make_shared<EmptyTree>(std::move(root));
}

std::shared_ptr<Tree> make_snapshot_tree(std::shared_ptr<Catalog> catalog, SeqNo at) {
  return std::make_shared<SnapshotTree>(std::move(catalog), at);
}

std::shared_ptr<Tree> make_live_tree(std::shared_ptr<Catalog> catalog) {
  return std::make_shared<LiveTree>(std::move(catalog));
}

}  // namespace commitfs
