#include "txn/reads.h"

#include <algorithm>
#include <string>

namespace commitfs {
namespace {

template <typename Range>
void sort_unique(Range& range) {
  std::ranges::sort(range);
  range.erase(std::unique(range.begin(), range.end()), range.end());
}

class Collector {
 public:
  Collector(Catalog& catalog, SeqNo base) : catalog_(catalog), base_(base) {}

  Result<Reads> run(const ReadSet& set) {
    set.for_each([this](const ReadItem& item) { take(item); });
    TRY(find_names_of_files());
    std::ranges::sort(reads_.listed);
    for (auto* names : {&reads_.files, &reads_.absent, &reads_.xattrs}) {
      std::ranges::sort(*names, [this](const Reads::Name& a, const Reads::Name& b) {
        return a.inode != b.inode ? a.inode < b.inode : reads_.text(a) < reads_.text(b);
      });
    }
    TRY(find_directories_above());
    return std::move(reads_);
  }

 private:
  void take(const ReadItem& item) {
    switch (item.kind) {
      case ReadKind::file:
        files_.push_back(item.inode);
        break;
      case ReadKind::directory:
        reads_.listed.push_back(item.inode);
        break;
      case ReadKind::absent:
        reads_.absent.push_back(keep_name(item.inode, item.name));
        break;
      case ReadKind::xattr:
        reads_.xattrs.push_back(keep_name(item.inode, item.name));
        break;
      case ReadKind::table:
        reads_.table = true;
        break;
    }
  }

  Reads::Name keep_name(InodeId inode, std::string_view name) {
    const auto at = static_cast<std::uint32_t>(reads_.names.size());
    reads_.names.insert(reads_.names.end(), name.begin(), name.end());
    return {inode, at, static_cast<std::uint8_t>(name.size())};
  }

  Result<void> find_names_of_files() {
    std::ranges::sort(files_);
    reads_.files.reserve(files_.size());
    for (const InodeId file : files_) {
      for (const DirentKey& link : TRY(catalog_.links_of(base_, file))) {
        reads_.files.push_back(keep_name(link.parent, link.name));
      }
    }
    return {};
  }

  Result<void> find_directories_above() {
    std::vector<InodeId> next = reads_.listed;
    for (const auto* names : {&reads_.files, &reads_.absent}) {
      for (const Reads::Name& name : *names)
        if (next.empty() || next.back() != name.inode) next.push_back(name.inode);
    }
    while (!next.empty()) {
      sort_unique(next);
      next = TRY(add_directories(next));
    }
    return {};
  }

  /// Adds those that are not there yet; their parents are what is to be added next.
  Result<std::vector<InodeId>> add_directories(const std::vector<InodeId>& ids) {
    auto& all = reads_.directories;
    const auto known = static_cast<std::ptrdiff_t>(all.size());
    std::vector<InodeId> parents;
    for (const InodeId id : ids) {
      const auto end = all.begin() + known;
      const auto there = std::ranges::lower_bound(all.begin(), end, id, {}, &Reads::Directory::id);
      if (there != end && there->id == id) continue;
      InodeId parent = InodeId::none;
      if (id != InodeId::root) {
        const auto links = TRY(catalog_.links_of(base_, id));
        if (!links.empty()) parent = links.front().parent;
      }
      all.push_back({id, parent});
      if (parent != InodeId::none) parents.push_back(parent);
    }
    std::ranges::sort(all, {}, &Reads::Directory::id);
    return parents;
  }

  Catalog& catalog_;
  const SeqNo base_;
  std::vector<InodeId> files_;
  Reads reads_;
};

}  // namespace

Result<Reads> collect_reads(const Session& session) {
  const Session::TrackedReads tracked = session.tracked_reads();
  if (tracked.set.empty()) return Reads{};
  Reads reads = TRY(Collector(*session.context().catalog, tracked.base).run(tracked.set));
  reads.phantoms_matter = !tracked.rewrites;
  return reads;
}

}  // namespace commitfs
