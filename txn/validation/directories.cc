#include <algorithm>

#include "txn/validation/context.h"

namespace commitfs::validation {

/// Row 18: no directory I changed something in, and none above it, was renamed or removed.
Result<void> check_ancestors(Context& context) {
  for (const auto& [directory, chain] : context.delta.base_ancestors) {
    for (const InodeId ancestor : chain) {
      if (ancestor == InodeId::root || context.delta.directories_removed.contains(ancestor))
        continue;
      const SeqNo placed = TRY(context.head.directory(ancestor)).place_seq_no;
      if (!context.head.is_new(placed)) continue;
      const bool exists = TRY(context.head.inode(ancestor)).has_value();
      context.lost_directories.insert(directory);
      TRY(context.conflicts.add_path(exists ? Category::parent_moved : Category::parent_absent,
                                     context.delta.directory_paths.at(directory), placed));
      break;
    }
  }
  return {};
}

namespace {

/// True when all that the head has in a directory I removed are entries that I removed too.
Result<bool> only_my_deletes_left(Context& context, InodeId directory) {
  std::string after;
  for (;;) {
    const auto page = TRY(context.head.catalog().list(context.head.head(), directory, after, 1000));
    for (const ListedDirent& entry : page) {
      const auto mine = std::ranges::lower_bound(
          context.delta.dirents, DirentKey{directory, entry.name}, {}, &DirentDelta::key);
      if (mine == context.delta.dirents.end() || mine->key != DirentKey{directory, entry.name})
        return false;
    }
    if (page.size() < 1000) return true;
    after = page.back().name;
  }
}

}  // namespace

/// Rows 19, 20, 34: nothing below a directory that I move or remove was changed.
Result<void> check_directories(Context& context) {
  for (const DirentDelta& change : context.delta.dirents) {
    if (change.before == InodeId::none || context.result.settled.contains(change.key)) continue;
    const bool removed = context.delta.directories_removed.contains(change.before);
    if (!removed && !context.delta.directories_moved.contains(change.before)) continue;
    if (!TRY(context.head.inode(change.before))) continue;  // its name was checked
    const SeqNo changed = TRY(context.head.directory(change.before)).subtree_seq_no;
    if (!context.head.is_new(changed)) continue;
    const bool filled =
        removed &&
        !TRY(context.head.catalog().list(context.head.head(), change.before, "", 1)).empty() &&
        !TRY(only_my_deletes_left(context, change.before));
    TRY(context.conflicts.add(filled ? Category::not_empty : Category::directory_changed,
                              change.key, changed));
  }
  return {};
}

}  // namespace commitfs::validation
