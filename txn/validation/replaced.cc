#include "txn/validation/context.h"

namespace commitfs::validation {

namespace {

Result<void> merge_xattrs_of_replaced(Context& context, const DirentDelta& change, SeqNo winner,
                                      InheritedAttributes& inherited) {
  using Values = std::map<std::string, std::string>;
  const auto values_at = [&](SeqNo at) -> Result<Values> {
    const auto listed = TRY(context.head.catalog().list_xattrs(at, change.before));
    return Values(listed.begin(), listed.end());
  };
  const Values base = TRY(values_at(context.delta.base));
  const Values head = TRY(values_at(context.head.head()));
  Values mine;
  for (const XattrDelta& xattr : context.delta.xattrs) {
    if (xattr.key.inode == change.after && xattr.after) mine.emplace(xattr.key.name, *xattr.after);
  }
  std::set<std::string> names;
  for (const auto* values : {&base, &head}) {
    for (const auto& [name, value] : *values)
      names.insert(name);
  }
  const auto get = [](const Values& values, const std::string& name) -> std::optional<std::string> {
    const auto found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  };
  for (const std::string& name : names) {
    const auto theirs = get(head, name);
    if (theirs == get(base, name) || theirs == get(mine, name)) continue;
    if (get(mine, name) != get(base, name)) {
      TRY(context.conflicts.add(Category::attribute, change.key, winner, name));
    } else {
      inherited.xattrs.emplace_back(name, theirs);
    }
  }
  return {};
}

/// Row 31: the file goes, by a delete or under a file of the base that I moved there.
void note_lost_attributes(Context& context, const DirentDelta& change, const GroupHead& group) {
  if (context.delta.moved.contains(change.before)) return;  // they go with it
  const std::string_view what = change.after == InodeId::none ? "deleted: '" : "replaced: '";
  context.conflicts.note(std::string(what) + context.delta.path_of(change.key) +
                         "', whose attributes version " +
                         std::to_string(raw(group.attribute_seq_no)) + " changed");
}

}  // namespace

Result<void> check_attributes_of_replaced(Context& context, const DirentDelta& change,
                                          const GroupHead& group) {
  if (change.before == InodeId::none || !context.head.is_new(group.attribute_seq_no)) return {};
  if (context.config.ignores(change.key.name)) return {};
  if (change.after == InodeId::none) {
    note_lost_attributes(context, change, group);
    return {};
  }
  const InodeDelta* made = context.delta.find_inode(change.after);
  const auto theirs = TRY(context.head.inode(change.before));
  const InodeRecord& before = context.delta.before.at(change.before);
  if (made == nullptr || made->before || !theirs || !before.is_regular() ||
      !made->mine.is_regular()) {
    note_lost_attributes(context, change, group);
    return {};
  }
  InheritedAttributes inherited;
  const auto merge = [&](const char* name, auto base, auto head, auto mine,
                         auto& into) -> Result<void> {
    if (head == base || head == mine) return {};
    if (mine != base)
      return context.conflicts.add(Category::attribute, change.key, group.attribute_seq_no, name);
    into = head;
    return {};
  };
  TRY(merge("mode", before.mode, theirs->mode, made->mine.mode, inherited.mode));
  TRY(merge("uid", before.uid, theirs->uid, made->mine.uid, inherited.uid));
  TRY(merge("gid", before.gid, theirs->gid, made->mine.gid, inherited.gid));
  TRY(merge_xattrs_of_replaced(context, change, group.attribute_seq_no, inherited));
  context.result.inherited.emplace(change.after, std::move(inherited));
  return {};
}

}  // namespace commitfs::validation
