#include <algorithm>

#include "txn/validation/context.h"

namespace commitfs::validation {

namespace {

/// What I did to one name of a group.
struct Member {
  DirentKey key;                        ///< in the session
  InodeId parent = InodeId::none;       ///< its directory at the head
  const DirentDelta* change = nullptr;  ///< the name itself was changed…
  const InodeDelta* inode = nullptr;    ///< …or the bytes under it

  bool is_gone() const { return change != nullptr && change->after == InodeId::none; }
};

using Members = std::vector<Member>;
using Groups = std::map<GroupKey, Members>;

Result<void> put(Context& context, Groups& groups, Member member) {
  if (context.config.ignores(member.key.name)) return {};
  auto group = TRY(context.groups.group_of({member.parent, member.key.name}));
  if (group) groups[{member.parent, *std::move(group)}].push_back(std::move(member));
  return {};
}

/// The names I gave another meaning and that are not settled. Nobody knows those in directories
/// made here, but for directories merged with the head's.
Result<void> collect_names(Context& context, Groups& groups) {
  for (const DirentDelta& change : context.delta.dirents) {
    const InodeId mine = change.key.parent;
    InodeId parent = mine;
    if (context.delta.made_directories.contains(mine)) {
      const auto merged = context.result.replaced.find(mine);
      if (merged == context.result.replaced.end()) continue;
      parent = merged->second;
    }
    if (context.lost_directories.contains(mine) || context.result.settled.contains(change.key) ||
        !context.delta.touches_file(change)) {
      continue;
    }
    TRY(put(context, groups, {.key = change.key, .parent = parent, .change = &change}));
  }
  return {};
}

/// The names of files whose bytes I changed in place.
Result<void> collect_contents(Context& context, Groups& groups) {
  for (const InodeDelta& inode : context.delta.inodes) {
    const bool changed = inode.before && inode.content;
    if (!changed || context.result.settled_contents.contains(inode.mine.id)) continue;
    for (const DirentKey& key : inode.base_links) {
      if (context.lost_directories.contains(key.parent) || context.changed_name(key)) continue;
      TRY(put(context, groups, {.key = key, .parent = key.parent, .inode = &inode}));
    }
  }
  return {};
}

/// Row 33: bytes that are my base's are no change of mine.
Result<bool> settle_unchanged(Context& context, const Member& member) {
  if (member.change != nullptr) {
    const auto theirs = TRY(context.head.child(member.parent, member.key.name));
    return context.settle_unchanged(*member.change, theirs);
  }
  if (!TRY(context.same_bytes(member.inode->mine, *member.inode->before))) return false;
  context.result.settled_contents.insert(member.inode->mine.id);
  return true;
}

/// Rows 4, 5, 7, 8, 10: what the last version that changed the group did, against what I do.
Category category_of(bool they_only_took_away, bool i_only_take_away) {
  if (they_only_took_away)
    return i_only_take_away ? Category::delete_delete : Category::delete_update;
  return i_only_take_away ? Category::update_delete : Category::update_update;
}

Result<void> check_group(Context& context, const GroupKey& key, Members members) {
  const GroupHead changes =
      TRY(context.head.group_head(group_changes_key(key.partition, key.group)));
  const GroupHead deletes =
      TRY(context.head.group_head(group_deletes_key(key.partition, key.group)));
  const bool changed = context.head.is_new(changes.content_seq_no);
  if (!changed && !context.head.is_new(deletes.content_seq_no)) return {};
  Members left;
  for (Member& member : members) {
    if (!TRY(settle_unchanged(context, member))) left.push_back(std::move(member));
  }
  const bool i_only_take_away = std::ranges::all_of(left, &Member::is_gone);
  // Row 9: two sessions that only delete meet in nothing, whichever names of the group they took.
  if (!changed && i_only_take_away && context.delta.only_deletes) return {};
  const GroupHead& winner = changed ? changes : deletes;
  const bool they_only_took_away = winner.content_change == ChangeKind::deleted;
  for (const Member& member : left) {
    if (context.conflicts.has(member.key)) continue;  // its own name told it better
    TRY(context.conflicts.add(category_of(they_only_took_away, i_only_take_away), member.key,
                              winner.content_seq_no));
  }
  return {};
}

}  // namespace

/// Rows 4 to 10 where several names are one group: what check_names and check_contents found for
/// each name by itself stands; here other names of its group are held against it.
Result<void> check_groups(Context& context) {
  if (!context.groups.in_use()) return {};
  // By other rules then: the heads say nothing, and the session is refused for that.
  if (context.head.is_new(context.config.validity_seq_no)) return {};
  Groups groups;
  TRY(collect_names(context, groups));
  TRY(collect_contents(context, groups));
  for (auto& [key, members] : groups)
    TRY(check_group(context, key, std::move(members)));
  return {};
}

}  // namespace commitfs::validation
