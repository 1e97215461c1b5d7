#include <fmt/format.h>

#include <cerrno>

#include "txn/session.h"

namespace commitfs {
namespace {

/// The inode must be in the view. ENOENT.
Result<void> check_inode(const SessionData& data, InodeId inode) {
  if (TRY(data.find_inode(inode))) return {};
  return fail(ENOENT, fmt::format("inode {}", raw(inode)));
}

}  // namespace

template <typename FromData, typename FromTree>
auto Session::answer(InodeId inode, FromData from_data, FromTree from_tree)
    -> decltype(from_data(std::declval<const SessionData&>())) {
  std::shared_ptr<Tree> successor;
  InodeId there = inode;
  {
    MutexLock lock(mutex_);
    if (is_alive()) return from_data(std::as_const(data_));
    successor = successor_;
    if (const auto found = replaced_.find(inode); found != replaced_.end()) there = found->second;
  }
  return from_tree(*successor, there);
}

InodeId Session::id_here(InodeId inode) const {
  MutexLock lock(mutex_);
  const auto found = replaced_by_.find(inode);
  return found == replaced_by_.end() ? inode : found->second;
}

Result<Attributes> Session::lookup(InodeId parent, std::string_view name) {
  return answer(
      parent, [&](const SessionData& data) { return data.lookup(parent, name); },
      [&](Tree& tree, InodeId there) -> Result<Attributes> {
        Attributes child = TRY(tree.lookup(there, name));
        child.inode.id = id_here(child.inode.id);
        return child;
      });
}

Result<Attributes> Session::attributes(InodeId inode) {
  {
    MutexLock lock(mutex_);
    const ChangedInode* held = is_alive() ? nullptr : data_.changes.find_inode(inode);
    if (held != nullptr && held->record.nlink == 0) return data_.attributes_of(*held);
  }
  return answer(
      inode, [&](const SessionData& data) { return data.attributes(inode); },
      [&](Tree& tree, InodeId there) -> Result<Attributes> {
        Attributes attributes = TRY(tree.attributes(there));
        attributes.inode.id = inode;
        return attributes;
      });
}

Result<std::vector<ListedAttributes>> Session::list(InodeId directory, std::string_view after,
                                                    std::size_t limit) {
  return answer(
      directory, [&](const SessionData& data) { return data.list(directory, after, limit); },
      [&](Tree& tree, InodeId there) -> Result<std::vector<ListedAttributes>> {
        auto entries = TRY(tree.list(there, after, limit));
        for (ListedAttributes& entry : entries)
          entry.attributes.inode.id = id_here(entry.attributes.inode.id);
        return entries;
      });
}

Result<std::string> Session::xattr(InodeId inode, std::string_view name) {
  return answer(
      inode,
      [&](const SessionData& data) -> Result<std::string> {
        TRY(check_inode(data, inode));
        auto value = TRY(data.find_xattr(inode, name));
        if (!value) return fail(ENODATA, fmt::format("xattr {} of {}", name, raw(inode)));
        return *std::move(value);
      },
      [&](Tree& tree, InodeId there) { return tree.xattr(there, name); });
}

Result<std::vector<std::string>> Session::xattr_names(InodeId inode) {
  return answer(
      inode,
      [&](const SessionData& data) -> Result<std::vector<std::string>> {
        TRY(check_inode(data, inode));
        return data.xattr_names(inode);
      },
      [&](Tree& tree, InodeId there) { return tree.xattr_names(there); });
}

Result<InodeId> Session::parent_of(InodeId directory) {
  return answer(
      directory, [&](const SessionData& data) { return data.parent_of(directory); },
      [&](Tree& tree, InodeId there) -> Result<InodeId> {
        return id_here(TRY(tree.parent_of(there)));
      });
}

Result<std::string> Session::path_of(InodeId inode) {
  return answer(
      inode, [&](const SessionData& data) { return data.path_of(inode); },
      [&](Tree& tree, InodeId there) { return tree.path_of(there); });
}

Result<GroupKey> Session::group_of(InodeId inode) {
  return answer(
      inode,
      [&](const SessionData& data) -> Result<GroupKey> {
        if (inode == InodeId::root) return GroupKey{InodeId::root, {}};
        auto name = TRY(data.name_of(inode));
        if (!name) return fail(ENOENT, fmt::format("group of {}", raw(inode)));
        return GroupKey{name->parent, std::move(name->name)};
      },
      [&](Tree& tree, InodeId there) -> Result<GroupKey> {
        GroupKey group = TRY(tree.group_of(there));
        group.partition = id_here(group.partition);
        return group;
      });
}

}  // namespace commitfs
