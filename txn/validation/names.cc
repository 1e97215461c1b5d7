#include <algorithm>
#include <cerrno>
#include <deque>

#include "txn/validation/context.h"

namespace commitfs::validation {

namespace {

Result<void> merge_directory(Context& context, const DirentDelta& change, const InodeDelta& made,
                             const InodeRecord& theirs, SeqNo winner) {
  context.settle(change, theirs.id);
  std::string text = "merged: directory '" + context.delta.path_of(change.key) +
                     "' was made by version " + std::to_string(raw(winner));
  if (made.mine.mode != theirs.mode || made.mine.uid != theirs.uid || made.mine.gid != theirs.gid) {
    text += "; its mode and owner stay";
  }
  context.conflicts.note(std::move(text));
  return {};
}

/// A directory of my base that stands there by now was moved there, with all that is in it: nobody
/// made it beside mine, and names in it are not known to be new.
Result<bool> is_mergeable(Context& context, const InodeRecord& theirs) {
  return !TRY(context.head.catalog().find_inode(context.delta.base, theirs.id));
}

/// Rows 2, 3, 21, 23.
Result<void> check_create(Context& context, const DirentDelta& change, const GroupHead& group,
                          const std::optional<InodeRecord>& theirs) {
  const SeqNo winner = group.content_seq_no;
  if (!theirs) return context.conflicts.add(Category::delete_update, change.key, winner);
  const InodeDelta* made = context.delta.find_inode(change.after);
  if (made == nullptr || made->before)
    return context.conflicts.add(Category::exists, change.key, winner);  // a link, a rename
  const InodeRecord& mine = made->mine;
  if (mine.is_directory() != theirs->is_directory())
    return context.conflicts.add(Category::type, change.key, winner);
  if (mine.is_directory() && TRY(is_mergeable(context, *theirs))) {
    return merge_directory(context, change, *made, *theirs, winner);
  }
  if (mine.is_directory()) return context.conflicts.add(Category::exists, change.key, winner);
  if (!context.config.identical_conflicts &&
      TRY(context.identical(*made, *theirs, context.head.head()))) {
    context.settle(change, theirs->id);
    context.conflicts.note("identical: '" + context.delta.path_of(change.key) + "' is as version " +
                           std::to_string(raw(winner)) + " made it");
    return {};
  }
  return context.conflicts.add(Category::exists, change.key, winner);
}

/// True when what I took away has a name at the head that it had not in my base: several versions
/// moved it there, the last of which need not have known it.
Result<bool> lives_on_elsewhere(Context& context, InodeId id) {
  const auto before = TRY(context.head.catalog().links_of(context.delta.base, id));
  const auto now = TRY(context.head.catalog().links_of(context.head.head(), id));
  return !std::ranges::includes(before, now);
}

/// Row 9, behind which row 7 must not hide: true when what they deleted was what I deleted, not
/// something that another version had made of it meanwhile.
Result<bool> deleted_the_same(Context& context, const DirentDelta& change, SeqNo winner) {
  const VersionRecord& theirs = *TRY(context.head.version(winner));
  if (!context.delta.only_deletes || !theirs.only_deletes) return false;
  CatalogReader& catalog = context.head.catalog();
  const SeqNo before{raw(winner) - 1};
  const auto last = TRY(catalog.find_child(before, change.key.parent, change.key.name));
  return last && last->id == change.before &&
         last->object == context.delta.before.at(change.before).object;
}

/// Rows 7, 9, 10, 22, 24, 31.
Result<void> check_delete(Context& context, const DirentDelta& change, const GroupHead& group,
                          const std::optional<InodeRecord>& theirs) {
  const SeqNo winner = group.content_seq_no;
  const bool i_moved_it = context.delta.moved.contains(change.before);
  const bool they_moved_it = group.content_change == ChangeKind::renamed;
  if (i_moved_it && they_moved_it)
    return context.conflicts.add(Category::rename_rename, change.key, winner);
  if (theirs) return context.conflicts.add(Category::update_delete, change.key, winner);
  if (i_moved_it) return context.conflicts.add(Category::delete_update, change.key, winner);
  if (they_moved_it || TRY(lives_on_elsewhere(context, change.before))) {
    return context.conflicts.add(Category::delete_delete, change.key, winner);
  }
  const bool is_directory = context.delta.before.at(change.before).is_directory();
  if (is_directory || TRY(deleted_the_same(context, change, winner))) {
    context.result.settled.insert(change.key);
    return {};
  }
  return context.conflicts.add(Category::delete_delete, change.key, winner);
}

/// Rows 5, 8, 23, 24, 33: another inode under a name of the base.
Result<void> check_replace(Context& context, const DirentDelta& change, const GroupHead& group,
                           const std::optional<InodeRecord>& theirs) {
  const SeqNo winner = group.content_seq_no;
  const InodeDelta* made = context.delta.find_inode(change.after);
  // Both moved what was there, be what stands there now alike or not: a directory has one place.
  if (context.delta.moved.contains(change.before) &&
      TRY(lives_on_elsewhere(context, change.before))) {
    return context.conflicts.add(Category::rename_rename, change.key, winner);
  }
  if (TRY(context.settle_unchanged(change, theirs))) return {};
  if (!theirs) {
    const bool both_moved =
        group.content_change == ChangeKind::renamed && context.delta.moved.contains(change.before);
    return context.conflicts.add(both_moved ? Category::rename_rename : Category::delete_update,
                                 change.key, winner);
  }
  if (made != nullptr && !made->before && made->mine.is_directory() && theirs->is_directory() &&
      !TRY(is_mergeable(context, *theirs))) {
    return context.conflicts.add(Category::exists, change.key, winner);
  }
  // Not so of files: two who made the same update of the same bytes, say of a counter, made two.
  const bool may_merge = !context.config.identical_conflicts && made != nullptr && !made->before &&
                         !theirs->is_regular();
  if (may_merge && TRY(context.identical(*made, *theirs, context.head.head()))) {
    context.settle(change, theirs->id);
    return {};
  }
  const bool mine_is_directory = context.delta.directories_moved.contains(change.after) ||
                                 context.delta.made_directories.contains(change.after);
  const bool types_differ = mine_is_directory != theirs->is_directory();
  return context.conflicts.add(types_differ ? Category::type : Category::update_update, change.key,
                               winner);
}

Result<void> check_name(Context& context, const DirentDelta& change, InodeId parent) {
  const GroupHead group = TRY(context.head.group({parent, change.key.name}));
  const bool merged = parent != change.key.parent;  // my directory and theirs have become one
  const bool is_new = context.head.is_new(group.content_seq_no);
  if (!is_new && !merged) return check_attributes_of_replaced(context, change, group);
  const auto theirs = TRY(context.head.child(parent, change.key.name));
  if (!is_new && !theirs) return {};
  if (TRY(take_ignored_name(context, change, theirs))) return {};
  if (change.before == InodeId::none) return check_create(context, change, group, theirs);
  if (change.after == InodeId::none) return check_delete(context, change, group, theirs);
  return check_replace(context, change, group, theirs);
}

/// Row 39: a name for a file of the base that is gone from the head, deleted or replaced. When the
/// file was moved, the name it had tells it.
Result<void> check_link(Context& context, const DirentDelta& change) {
  if (change.after == InodeId::none || context.delta.made_here(change.after) ||
      context.lost_directories.contains(change.key.parent)) {
    return {};
  }
  if (TRY(context.head.inode(change.after))) return {};
  SeqNo winner = SeqNo::none;
  for (const DirentKey& key :
       TRY(context.head.catalog().links_of(context.delta.base, change.after))) {
    if (context.changed_name(key) && context.conflicts.has(key)) return {};
    winner = std::max(winner, TRY(context.head.group(key)).content_seq_no);
  }
  return context.conflicts.add(Category::delete_update, change.key, winner);
}

}  // namespace

/// Every name I changed, in directories that the head has. Directories made here are entered only
/// when they were merged with the head's (row 21): nobody else can know the others.
Result<void> check_names(Context& context) {
  std::map<InodeId, std::vector<const DirentDelta*>> by_parent;
  std::deque<std::pair<InodeId, InodeId>> to_visit;  // my directory, the head's
  for (const DirentDelta& change : context.delta.dirents) {
    auto& siblings = by_parent[change.key.parent];
    if (siblings.empty() && !context.delta.made_directories.contains(change.key.parent)) {
      to_visit.emplace_back(change.key.parent, change.key.parent);
    }
    siblings.push_back(&change);
  }
  while (!to_visit.empty()) {
    const auto [mine, theirs] = to_visit.front();
    to_visit.pop_front();
    if (context.lost_directories.contains(mine)) continue;
    for (const DirentDelta* change : by_parent[mine]) {
      TRY(check_name(context, *change, theirs));
      const auto merged = context.result.replaced.find(change->after);
      if (merged != context.result.replaced.end() &&
          context.delta.made_directories.contains(change->after)) {
        to_visit.emplace_back(change->after, merged->second);
      }
    }
  }
  for (const DirentDelta& change : context.delta.dirents)
    TRY(check_link(context, change));
  return {};
}

}  // namespace commitfs::validation
