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
  if (other_directory && target->is_directory() &&
      TRY(data.is_within(names.from.parent, target->id))) {
    return refuse(exchange ? EINVAL : ENOTEMPTY, names);
  }
  if (exchange || target->id == source.id) return {};
  if (source.is_directory() && !target->is_directory()) return refuse(ENOTDIR, names);
  if (!source.is_directory() && target->is_directory()) return refuse(EISDIR, names);
  if (target->is_directory() && !TRY(data.is_empty(target->id))) return refuse(ENOTEMPTY, names);
  return {};
}

/// All that a rename edits.
struct Entries {
  InodeId from_in_base = InodeId::none;
  InodeId to_in_base = InodeId::none;
  ChangedInode* source = nullptr;
  ChangedInode* target = nullptr;  ///< null when the new name is free
  ChangedInode* old_directory = nullptr;
  ChangedInode* new_directory = nullptr;
};

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
    const InodeRecord old_directory = TRY(data.directory(parent));
    const InodeRecord new_directory = TRY(data.directory(new_parent));
    const auto [source, from_in_base] = TRY(data.find_entry(names.from));
    if (!source) return refuse(ENOENT, names);
    const auto [target, to_in_base] = TRY(data.find_entry(names.to));
    if (target && no_replace) return refuse(EEXIST, names);
    if (!target && is_exchange) return refuse(ENOENT, names);
    TRY(check(data, names, *source, target, is_exchange));
    if (target && target->id == source->id)
      return {};  // two names of one file: nothing to do, says POSIX

    const Entries entries{.from_in_base = from_in_base,
                          .to_in_base = to_in_base,
                          .source = data.edit_inode(*source),
                          .target = target ? data.edit_inode(*target) : nullptr,
                          .old_directory = data.edit_inode(old_directory),
                          .new_directory = data.edit_inode(new_directory)};
    if (is_exchange) {
      exchange(data, names, entries);
    } else {
      move(data, names, entries);
    }
    return {};
  });
}

}  // namespace commitfs::tree
