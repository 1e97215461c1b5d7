#include <algorithm>
#include <cerrno>
#include <utility>

#include "txn/lost_base.h"
#include "txn/session_data.h"

namespace commitfs {
namespace {

constexpr std::size_t kPageMin = 32;
constexpr std::size_t kPageMax = 4096;

/// The base's entries of one directory after a name, read page by page as they are asked for.
class BaseEntries {
 public:
  /// `exists` is false for a directory the base does not have.
  BaseEntries(const SessionData& data, InodeId directory, std::string_view after, bool exists,
              std::size_t first_page)
      : data_(data),
        catalog_(*data.context.catalog),
        directory_(directory),
        after_(after),
        lost_(has_lost_base(data)),
        exhausted_(!exists),
        page_size_(std::clamp(first_page, kPageMin, kPageMax)) {}

  /// The next entry; null at the end.
  Result<ListedDirent*> peek() {
    while (next_ == page_.size() && !exhausted_)
      TRY(read_page());
    if (next_ == page_.size()) return nullptr;
    return &page_[next_];
  }
  void skip() { ++next_; }

 private:
  Result<void> read_page() {
    page_ = TRY(catalog_.list(lost_ ? kNewest : data_.base, directory_, after_, page_size_));
    next_ = 0;
    exhausted_ = page_.size() < page_size_;
    if (!page_.empty()) after_ = page_.back().name;
    page_size_ = std::min(page_size_ * 2, kPageMax);
    if (lost_) TRY(keep_what_is_left());
    return {};
  }

  /// Of the head's entries those that the base had, as far as it is left.
  Result<void> keep_what_is_left() {
    std::vector<ListedDirent> left;
    for (ListedDirent& entry : page_) {
      const auto was = TRY(catalog_.find_dirent(data_.base, directory_, entry.name));
      if (!was || was->inode != entry.inode.id) continue;
      auto inode = find_in_base(data_, was->inode);
      if (!inode && inode.error().code == ESTALE) continue;
      if (const auto record = TRY(std::move(inode)))
        left.push_back({.name = std::move(entry.name), .inode = *record});
    }
    page_ = std::move(left);
    return {};
  }

  const SessionData& data_;
  CatalogReader& catalog_;
  const InodeId directory_;
  std::string after_;
  const bool lost_;
  bool exhausted_;
  std::size_t page_size_;
  std::vector<ListedDirent> page_;
  std::size_t next_ = 0;
};

/// The merge of both layers by name, the session's entry before the base's of that name. Calls
/// `emit(name, inode id, base's record or null)` for each entry there is, until it answers false.
template <typename Emit>
Result<void> merge(const SessionData& data, InodeId directory, std::string_view after,
                   std::size_t limit, Emit emit) {
  BaseEntries base(data, directory, after, !data.is_made_here(directory), limit);
  const auto& dirents = data.changes.dirents();
  auto changed = dirents.upper_bound({directory, std::string(after)});
  while (true) {
    ListedDirent* below = TRY(base.peek());
    const bool has_changed = changed != dirents.end() && changed->first.parent == directory;
    if (below == nullptr && !has_changed) return {};
    if (has_changed && (below == nullptr || changed->first.name <= below->name)) {
      if (below != nullptr && changed->first.name == below->name) base.skip();
      const bool goes_on =
          changed->second == InodeId::none ||
          TRY(emit(changed->first.name, changed->second, static_cast<InodeRecord*>(nullptr)));
      if (!goes_on) return {};
      ++changed;
      continue;
    }
    if (!TRY(emit(below->name, below->inode.id, &below->inode))) return {};
    base.skip();
  }
}

}  // namespace

Result<std::vector<ListedAttributes>> SessionData::list(InodeId parent, std::string_view after,
                                                        std::size_t limit) const {
  TRY(directory(parent));
  std::vector<ListedAttributes> entries;
  if (limit == 0) return entries;
  const auto add = [&](const std::string& name, InodeId inode,
                       InodeRecord* in_base) -> Result<bool> {
    const ChangedInode* changed = changes.find_inode(inode);
    if (changed != nullptr) {
      entries.push_back({name, TRY(attributes_of(*changed))});
    } else if (in_base != nullptr) {
      entries.push_back({name, plain_attributes(std::move(*in_base))});
    } else {
      entries.push_back({name, TRY(attributes(inode))});
    }
    return entries.size() < limit;
  };
  TRY(merge(*this, parent, after, limit, add));
  return entries;
}

Result<bool> SessionData::is_empty(InodeId inode) const {
  bool found = false;
  const auto stop = [&](const std::string&, InodeId, InodeRecord*) -> Result<bool> {
    found = true;
    return false;
  };
  TRY(merge(*this, inode, {}, 1, stop));
  return !found;
}

}  // namespace commitfs
