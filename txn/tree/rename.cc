#include <fmt/format.h>
#include <linux/fs.h>

#include <cerrno>

#include "txn/tree/entry.h"
#include "txn/tree_operations.h"

namespace commitfs::tree {
namespace {

struct Names {
  DirentKey from;
  DirentKey to;
};

std::unexpected<Error> refuse(int code, const Names& names) {
  return fail(code, fmt::format("rename {}/{} -> {}/{}", raw(names.from.parent), names.from.name,
                                raw(names.to.parent), names.to.name));
}

/// The checks of rename(2) on what the two names stand for, in Linux' order.
Result<void> check(const SessionData& data, const Names& names, const InodeRecord& source,
                   const std::optional<InodeRecord>& target, bool exchange) {
  const bool other_directory = names.from.parent != names.to.parent;
  if (other_directory && source.is_directory() && TRY(data.is_within(names.to.parent, source.id))) {
    return refuse(EINVAL, names);
  }
  if (!target) return {};
  if (other_directory && target->is_directory() && TRY(data.is_within(names.from.parent, target->id))) {
    return refuse(exchange ? EINVAL : ENOTEMPTY, names);
  }
  if (exchange || target->id == source.id) return {};
  if (source.is_directory() && !target->is_directory()) return refuse(ENOTDIR, names);
  if (!source.is_directory() && target->is_directory()) return refuse(EISDIR, names);
  if (target->is_directory() && !TRY(data.is_empty(target->id))) return refuse(ENOTEMPTY, names);
  return {};
}

/// All that a rename edits, looked up before anything is changed.
struct Entries {
  InodeId from_in_base = InodeId::none;
  InodeId to_in_base = InodeId::none;
  ChangedInode* source = nullptr;
  ChangedInode* target = nullptr;  ///< null when the new name is free
  ChangedInode* old_directory = nullptr;
  ChangedInode* new_directory = nullptr;
};

Result<Entries> edit(SessionData& data, const Names& names, InodeId source, const std::optional<InodeRecord>& target) {
  Entries entries;
  entries.from_in_base = TRY(data.base_dirent(names.from));
  entries.to_in_base = TRY(data.base_dirent(names.to));
  entries.source = TRY(data.edit_inode(source));
  if (target) entries.target = TRY(data.edit_inode(target->id));
  entries.old_directory = TRY(data.edit_inode(names.from.parent));
  entries.new_directory = TRY(data.edit_inode(names.to.parent));
  return entries;
}

/// A directory's ".." counts as a link of the directory it stands in.
void move_parent_link(const ChangedInode& moved, ChangedInode& from, ChangedInode& to) {
  if (!moved.record.is_directory()) return;
  --from.record.nlink;
  ++to.record.nlink;
}

void move(SessionData& data, const Names& names, const Entries& entries) {
  const TimeNs now_ns = data.now_ns();
  if (entries.target != nullptr) drop_link(*entries.target, *entries.new_directory, now_ns);
  data.remove_name(names.from, entries.from_in_base);
  data.put_name(names.to, *entries.source, entries.to_in_base);
  move_parent_link(*entries.source, *entries.old_directory, *entries.new_directory);
  entries.source->record.ctime_ns = now_ns;
  touch_entries(*entries.old_directory, now_ns);
  touch_entries(*entries.new_directory, now_ns);
}

void exchange(SessionData& data, const Names& names, const Entries& entries) {
  const TimeNs now_ns = data.now_ns();
  data.put_name(names.from, *entries.target, entries.from_in_base);
  data.put_name(names.to, *entries.source, entries.to_in_base);
  move_parent_link(*entries.source, *entries.old_directory, *entries.new_directory);
  move_parent_link(*entries.target, *entries.new_directory, *entries.old_directory);
  entries.source->record.ctime_ns = now_ns;
  entries.target->record.ctime_ns = now_ns;
  touch_entries(*entries.old_directory, now_ns);
  touch_entries(*entries.new_directory, now_ns);
}

}  // namespace

Result<void> rename(Session& session, InodeId parent, std::string_view name, InodeId new_parent,
                    std::string_view new_name, unsigned flags) {
  const Names names{{parent, std::string(name)}, {new_parent, std::string(new_name)}};
  const bool is_exchange = (flags & RENAME_EXCHANGE) != 0;
  const bool no_replace = (flags & RENAME_NOREPLACE) != 0;
  if ((flags & ~unsigned{RENAME_EXCHANGE | RENAME_NOREPLACE}) != 0) return refuse(EINVAL, names);
  if (is_exchange && no_replace) return refuse(EINVAL, names);

  return session.mutate([&](SessionData& data) -> Result<void> {
    TRY(data.directory(parent));
    TRY(data.directory(new_parent));
    const auto source = TRY(data.find_child(parent, name));
    if (!source) return refuse(ENOENT, names);
    const auto target = TRY(data.find_child(new_parent, new_name));
    if (target && no_replace) return refuse(EEXIST, names);
    if (!target && is_exchange) return refuse(ENOENT, names);
    TRY(check(data, names, *source, target, is_exchange));
    if (target && target->id == source->id) return {};  // two names of one file: nothing to do, says POSIX

    const Entries entries = TRY(edit(data, names, source->id, target));
    if (is_exchange) {
      exchange(data, names, entries);
    } else {
      move(data, names, entries);
    }
    return {};
  });
}

}  // namespace commitfs::tree
