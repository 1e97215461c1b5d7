#include "txn/session_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cerrno>

#include "txn/file_time.h"
#include "txn/lost_base.h"

namespace commitfs {
namespace {

std::unexpected<Error> fail_inode(int code, const char* what, InodeId inode) {
  return fail(code, fmt::format("{} {}", what, raw(inode)));
}

/// The root of a session belongs to its maker, who can always work in it, unless a program asked
/// for something else. Presentation only: the change set never learns of it.
void show_maker(const SessionData& data, const ChangedInode* changed, InodeRecord& root) {
  if (changed == nullptr || !changed->uid_set) root.uid = data.uid;
  if (changed == nullptr || !changed->gid_set) root.gid = data.gid;
  if (changed == nullptr || !changed->mode_set) root.mode |= S_IRWXU;
}

/// find_child of the base.
Result<std::optional<InodeRecord>> child_in_base(const SessionData& data, InodeId parent,
                                                 std::string_view name) {
  Catalog& catalog = *data.context.catalog;
  auto child = catalog.find_child(data.base, parent, name);
  if (child || child.error().code != EIO || !has_lost_base(data)) return child;
  // Its name is left, and it is not.
  const auto dirent = TRY(catalog.find_dirent(data.base, parent, name));
  if (!dirent) return std::nullopt;
  return find_in_base(data, dirent->inode);
}

}  // namespace

Attributes plain_attributes(InodeRecord record) {
  Attributes attributes;
  if (record.is_regular()) attributes.blocks_512 = (record.size_bytes + 511) / 512;
  attributes.inode = std::move(record);
  return attributes;
}

void apply_body(const struct stat& body, const ChangedInode& inode, Attributes& attributes) {
  attributes.inode.size_bytes = static_cast<std::uint64_t>(body.st_size);
  attributes.inode.atime_ns = to_ns(body.st_atim);
  attributes.inode.mtime_ns = to_ns(body.st_mtim);
  attributes.blocks_512 = static_cast<std::uint64_t>(body.st_blocks);
  // The copy's ctime is ours, no program's doing; a chmod's is in the record only.
  if (!is_untouched(inode, body)) {
    attributes.inode.ctime_ns = std::max(inode.record.ctime_ns, to_ns(body.st_ctim));
  }
}

Result<std::optional<InodeId>> SessionData::find_dirent(InodeId parent,
                                                        std::string_view name) const {
  const DirentKey key{parent, std::string(name)};
  if (const InodeId* changed = changes.find_dirent(key)) {
    if (*changed == InodeId::none) return std::nullopt;
    return *changed;
  }
  const InodeId in_base = TRY(base_dirent(key));
  if (in_base == InodeId::none) return std::nullopt;
  return in_base;
}

Result<std::optional<InodeRecord>> SessionData::find_inode(InodeId inode) const {
  if (const ChangedInode* changed = changes.find_inode(inode)) return changed->record;
  return find_in_base(*this, inode);
}

Result<std::optional<InodeRecord>> SessionData::find_child(InodeId parent,
                                                           std::string_view name) const {
  if (const InodeId* changed = changes.find_dirent({parent, std::string(name)})) {
    if (*changed == InodeId::none) return std::nullopt;
    return find_inode(*changed);
  }
  if (is_made_here(parent)) return std::nullopt;
  auto child = TRY(child_in_base(*this, parent, name));
  if (!child) return std::nullopt;
  if (const ChangedInode* changed = changes.find_inode(child->id)) return changed->record;
  return child;
}

Result<InodeRecord> SessionData::directory(InodeId inode) const {
  auto record = TRY(find_inode(inode));
  if (!record || record->nlink == 0) return fail_inode(ENOENT, "directory", inode);
  if (!record->is_directory()) return fail_inode(ENOTDIR, "directory", inode);
  return *std::move(record);
}

Result<InodeId> SessionData::parent_of(InodeId inode) const {
  if (inode == InodeId::root) return InodeId::root;
  TRY(directory(inode));
  const auto name = TRY(name_of(inode));
  if (!name) return fail_inode(ENOENT, "parent of", inode);
  return name->parent;
}

Result<bool> SessionData::is_within(InodeId inode, InodeId ancestor) const {
  while (inode != ancestor) {
    if (inode == InodeId::root) return false;
    inode = TRY(parent_of(inode));
  }
  return true;
}

Result<std::optional<DirentKey>> SessionData::name_of(InodeId inode) const {
  const ChangedInode* changed = changes.find_inode(inode);
  if (changed != nullptr && changed->record.nlink == 0) return std::nullopt;
  if (changed != nullptr && changed->place) {
    const InodeId* there = changes.find_dirent(*changed->place);
    if (there != nullptr && *there == inode) return changed->place;
  }
  if (changed == nullptr || !changed->made_here) {
    for (DirentKey& key : TRY(context.catalog->links_of(base, inode))) {
      const InodeId* there = changes.find_dirent(key);
      if (there == nullptr || *there == inode) return std::move(key);
    }
  }
  if (changed == nullptr) return std::nullopt;
  // The hint was out of date: one of several hard links went. Rare enough to look at every name.
  for (const auto& [key, there] : changes.dirents()) {
    if (there == inode) return key;
  }
  return std::nullopt;
}

Result<std::string> SessionData::path_of(InodeId inode) const {
  if (inode == InodeId::root) return std::string();
  std::string path;
  while (inode != InodeId::root) {
    const auto name = TRY(name_of(inode));
    if (!name) return fail_inode(ENOENT, "path of", inode);
    path = path.empty() ? name->name : name->name + '/' + path;
    inode = name->parent;
  }
  return path;
}

Result<std::optional<std::string>> SessionData::find_xattr(InodeId inode,
                                                           std::string_view name) const {
  if (const auto* changed = changes.find_xattr({inode, std::string(name)})) return *changed;
  if (is_made_here(inode)) return std::nullopt;
  return context.catalog->find_xattr(base, inode, name);
}

Result<std::vector<std::string>> SessionData::xattr_names(InodeId inode) const {
  std::set<std::string> names;
  if (!is_made_here(inode)) {
    for (auto& [name, value] : TRY(context.catalog->list_xattrs(base, inode)))
      names.insert(std::move(name));
  }
  for (auto entry = changes.xattrs().lower_bound({inode, {}});
       entry != changes.xattrs().end() && entry->first.inode == inode; ++entry) {
    if (entry->second) {
      names.insert(entry->first.name);
    } else {
      names.erase(entry->first.name);
    }
  }
  return std::vector<std::string>(names.begin(), names.end());
}

Result<Attributes> SessionData::attributes(InodeId inode) const {
  if (const ChangedInode* changed = changes.find_inode(inode)) return attributes_of(*changed);
  auto record = TRY(find_in_base(*this, inode));
  if (!record) return fail_inode(ENOENT, "inode", inode);
  if (inode == InodeId::root) show_maker(*this, nullptr, *record);
  return plain_attributes(*std::move(record));
}

Result<Attributes> SessionData::attributes_of(const ChangedInode& inode) const {
  Attributes attributes = plain_attributes(inode.record);
  if (inode.record.id == InodeId::root) show_maker(*this, &inode, attributes.inode);
  if (!inode.body_staged) return attributes;
  attributes.staged = true;
  const auto body = context.store->stat(inode.record.object);
  // A body that is lost must not take the directory's listing with it: opening or committing the
  // file will say so.
  if (!body && body.error().code != ENOENT) return std::unexpected(body.error());
  if (body) apply_body(*body, inode, attributes);
  return attributes;
}

Result<Attributes> SessionData::lookup(InodeId parent, std::string_view name) const {
  const InodeId* changed = changes.find_dirent({parent, std::string(name)});
  if (changed != nullptr && *changed != InodeId::none) return attributes(*changed);
  if (changed == nullptr && !is_made_here(parent)) {
    auto child = TRY(child_in_base(*this, parent, name));
    if (child) {
      const ChangedInode* inode = changes.find_inode(child->id);
      return inode != nullptr ? attributes_of(*inode) : plain_attributes(*std::move(child));
    }
  }
  TRY(directory(parent));
  if (changed == nullptr && !is_made_here(parent) && has_lost_base(*this))
    return fail(ESTALE, fmt::format("lookup {}/{} in a base that is gone", raw(parent), name));
  return fail(ENOENT, fmt::format("lookup {}/{}", raw(parent), name));
}

bool SessionData::is_made_here(InodeId inode) const {
  const ChangedInode* changed = changes.find_inode(inode);
  return changed != nullptr && changed->made_here;
}

Result<InodeId> SessionData::base_dirent(const DirentKey& key) const {
  if (is_made_here(key.parent)) return InodeId::none;
  const auto dirent = TRY(context.catalog->find_dirent(base, key.parent, key.name));
  return dirent ? dirent->inode : InodeId::none;
}

Result<SessionData::Entry> SessionData::find_entry(const DirentKey& key) const {
  Entry entry;
  if (const InodeId* changed = changes.find_dirent(key)) {
    entry.in_base = TRY(base_dirent(key));
    if (*changed != InodeId::none) entry.inode = TRY(find_inode(*changed));
    return entry;
  }
  entry.inode = TRY(find_child(key.parent, key.name));
  if (entry.inode) entry.in_base = entry.inode->id;
  return entry;
}

Result<ChangedInode*> SessionData::edit_inode(InodeId inode) {
  if (changes.find_inode(inode) != nullptr) return &changes.edit_inode(inode);
  const auto record = TRY(find_in_base(*this, inode));
  if (!record) return fail_inode(ENOENT, "inode", inode);
  return edit_inode(*record);
}

ChangedInode* SessionData::edit_inode(const InodeRecord& found) {
  if (changes.find_inode(found.id) != nullptr) return &changes.edit_inode(found.id);
  ChangedInode changed;
  changed.record = found;
  return &changes.add_inode(std::move(changed));
}

void SessionData::put_name(const DirentKey& key, ChangedInode& inode, InodeId in_base) {
  assert(changes.find_inode(inode.record.id) == &inode);
  reads.forget_absence_of_made(key.parent, key.name);
  if (in_base == inode.record.id) {
    changes.forget_dirent(key);
    inode.place.reset();
    return;
  }
  changes.put_dirent(key, inode.record.id);
  inode.place = key;
}

void SessionData::remove_name(const DirentKey& key, InodeId in_base) {
  if (in_base == InodeId::none) {
    changes.forget_dirent(key);
  } else {
    changes.put_dirent(key, InodeId::none);
  }
}

void SessionData::add_writer(ChangedInode& inode) {
  ++inode.writers;
  ++inode.generation;
  inode.sealed = false;
  open_for_writing.insert(inode.record.id);
}

void SessionData::give_up_body(const ChangedInode& inode) {
  (inode.journalled ? journalled_garbage : garbage).push_back(inode.record.object);
}

void SessionData::forget_if_unreachable(InodeId id_of) {
  ChangedInode* inode = changes.find_inode_for_bookkeeping(id_of);
  if (inode == nullptr || inode->record.nlink > 0 || !inode->released || inode->writers > 0) return;
  if (inode->body_staged) give_up_body(*inode);
  if (inode->made_here) {
    changes.forget_inode(id_of);
    return;
  }
  // The change set goes on saying that the base's inode is gone, but needs no body for it.
  if (!inode->body_staged) return;
  ChangedInode& emptied = changes.edit_inode(id_of);
  emptied.body_staged = false;
  emptied.copied_ctime_ns = 0;
  emptied.record.object = ObjectId::none;
  emptied.record.size_bytes = 0;
}

}  // namespace commitfs
