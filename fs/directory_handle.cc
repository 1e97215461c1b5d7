#include "fs/directory_handle.h"

#include <algorithm>

#include "meta/base/fault.h"

namespace commitfs::fs {
namespace {

constexpr std::size_t kMaxPage = 4096;

DirectoryItem to_item(const View& view, std::string name, Attributes found, off_t next) {
  return {.name = std::move(name),
          .type = found.inode.mode & S_IFMT,
          .number = view.number(found.inode.id),
          .next = next,
          .found = std::move(found)};
}

}  // namespace

DirectoryHandle::DirectoryHandle(std::shared_ptr<Node> node)
    : node_(std::move(node)),
      lease_(*node_),
      epoch_(node_->listing_epoch()),
      cached_(may_be_cached() && node_->listed_at == epoch_) {}

void DirectoryHandle::note_listing() const {
  if (node_->fixed != nullptr) return;
  note_read(*node_, ReadKind::directory);
  node_->listed_at = epoch_;
}

Result<bool> DirectoryHandle::give_dots(off_t& offset, const Take& take) {
  ino_t above = node_->number();
  if (node_->fixed == nullptr) {
    // Gone directories have no parent; nobody looks at the number closely.
    const auto parent = node_->view->tree->parent_of(node_->inode);
    if (parent) above = node_->view->number(*parent);
  }
  for (; offset < kDots; ++offset) {
    const bool self = offset == 0;
    if (!take({.name = self ? "." : "..",
               .type = S_IFDIR,
               .number = self ? node_->number() : above,
               .next = offset + 1,
               .found = {}})) {
      return false;
    }
  }
  return true;
}

/// Names given before the reader sought back, one by one; those that went meanwhile are passed
/// over.
Result<bool> DirectoryHandle::give_again(off_t& offset, const Take& take) {
  for (; offset - kDots < static_cast<off_t>(given_.size()); ++offset) {
    const std::string& name = given_[static_cast<std::size_t>(offset - kDots)];
    auto found = node_->view->tree->lookup(node_->inode, name);
    if (!found && found.error().code == ENOENT) continue;
    if (!found) return std::unexpected(std::move(found).error());
    if (!take(to_item(*node_->view, name, *std::move(found), offset + 1))) return false;
  }
  return true;
}

Result<void> DirectoryHandle::give_new(std::size_t expected, const Take& take) {
  TRY(fault::point("fs.list"));
  const std::size_t limit = std::clamp<std::size_t>(expected, 1, kMaxPage);
  while (true) {
    const std::string after = given_.empty() ? std::string() : given_.back();
    auto page = TRY(node_->view->tree->list(node_->inode, after, limit));
    for (ListedAttributes& listed : page) {
      const auto next = static_cast<off_t>(given_.size()) + kDots + 1;
      std::string name = listed.name;
      if (!take(
              to_item(*node_->view, std::move(listed.name), std::move(listed.attributes), next))) {
        return {};
      }
      given_.push_back(std::move(name));
    }
    if (page.size() < limit) return {};
  }
}

Result<void> DirectoryHandle::give_fixed(off_t offset, const Take& take) {
  for (; offset - kDots < static_cast<off_t>(fixed_.size()); ++offset) {
    const FixedName& name = fixed_[static_cast<std::size_t>(offset - kDots)];
    if (!take({.name = name.name,
               .type = name.type,
               .number = name.number,
               .next = offset + 1,
               .found = {}})) {
      return {};
    }
  }
  return {};
}

Result<void> DirectoryHandle::read(off_t offset, std::size_t expected, const Take& take) {
  MutexLock lock(mutex_);
  if (offset < 0) return fail(EINVAL, "a directory offset below 0");
  if (offset == 0) {
    given_.clear();
    if (node_->fixed != nullptr) fixed_ = TRY(node_->fixed->list());
  }
  if (!TRY(give_dots(offset, take))) return {};
  if (node_->fixed != nullptr) return give_fixed(offset, take);
  if (!TRY(give_again(offset, take))) return {};
  // What comes before `offset` and was not given by us the kernel gave, from what it remembered of
  // another handle's listing: it only counts.
  return give_new(expected,
                  [&](const DirectoryItem& item) { return item.next <= offset || take(item); });
}

}  // namespace commitfs::fs
