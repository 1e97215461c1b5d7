#include "txn/validation/context.h"

namespace commitfs::validation {

namespace {

/// Rows 5, 8, 33, 39: bytes written into a file that the base has, through any of its names.
Result<void> check_content(Context& context, const InodeDelta& inode) {
  for (const DirentKey& key : inode.base_links) {
    if (context.lost_directories.contains(key.parent) || context.changed_name(key)) continue;
    const GroupHead group = TRY(context.head.group(key));
    if (!context.head.is_new(group.content_seq_no)) continue;
    if (TRY(context.same_bytes(inode.mine, *inode.before))) {
      context.result.settled_contents.insert(inode.mine.id);
      return {};
    }
    const auto theirs = TRY(context.head.child(key.parent, key.name));
    if (TRY(take_ignored_content(context, inode, key, theirs))) continue;
    if (!theirs) {
      TRY(context.conflicts.add(Category::delete_update, key, group.content_seq_no));
    } else if (!theirs->is_regular()) {
      TRY(context.conflicts.add(Category::type, key, group.content_seq_no));
    } else {  // with the same bytes too: two increments of a counter are two
      TRY(context.conflicts.add(Category::update_update, key, group.content_seq_no));
    }
  }
  return {};
}

}  // namespace

Result<void> check_contents(Context& context) {
  for (const InodeDelta& inode : context.delta.inodes) {
    if (inode.before && inode.content) TRY(check_content(context, inode));
  }
  return {};
}

}  // namespace commitfs::validation
