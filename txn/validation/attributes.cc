#include "txn/validation/context.h"

namespace commitfs::validation {

namespace {

/// Row 30: attributes of a file that was deleted, moved away or replaced meanwhile have nothing to land on.
Result<std::optional<InodeRecord>> check_still_there(Context& context, InodeId id, const std::vector<DirentKey>& base_links) {
  for (const DirentKey& key : base_links) {
    if (context.lost_directories.contains(key.parent) || context.changed_name(key)) continue;
    const GroupHead group = TRY(context.head.group(key));
    if (!context.head.is_new(group.content_seq_no)) continue;
    const auto theirs = TRY(context.head.child(key.parent, key.name));
    if (theirs && theirs->id == id) continue;
    TRY(context.conflicts.add(Category::delete_update, key, group.content_seq_no));
    return std::nullopt;
  }
  return TRY(context.head.inode(id));
}

Result<SeqNo> attribute_winner(Context& context, const std::vector<DirentKey>& links) {
  SeqNo newest = SeqNo::none;
  for (const DirentKey& key : links) newest = std::max(newest, TRY(context.head.group(key)).attribute_seq_no);
  if (links.empty()) newest = TRY(context.head.group({InodeId::root, ""})).attribute_seq_no;
  return newest;
}

Result<void> add_attribute(Context& context, InodeId id, const std::vector<DirentKey>& links, SeqNo winner, std::string detail) {
  if (id == InodeId::root || links.empty()) return context.conflicts.add_path(Category::attribute, ".", winner, std::move(detail));
  return context.conflicts.add(Category::attribute, links.front(), winner, std::move(detail));
}

/// Rows 28, 29, 30 for mode and owner.
Result<void> check_attributes_of(Context& context, const InodeDelta& inode) {
  if (all_ignored(context, inode.base_links)) return {};
  const auto theirs = TRY(check_still_there(context, inode.mine.id, inode.base_links));
  if (!theirs) return {};
  const InodeRecord& before = *inode.before;
  const SeqNo winner = TRY(attribute_winner(context, inode.base_links));
  const auto differs = [](auto mine, auto base, auto head) { return head != base && head != mine; };
  if (inode.mode && differs(inode.mine.mode, before.mode, theirs->mode)) {
    TRY(add_attribute(context, inode.mine.id, inode.links, winner, "mode"));
  }
  if (inode.uid && differs(inode.mine.uid, before.uid, theirs->uid)) {
    TRY(add_attribute(context, inode.mine.id, inode.links, winner, "uid"));
  }
  if (inode.gid && differs(inode.mine.gid, before.gid, theirs->gid)) {
    TRY(add_attribute(context, inode.mine.id, inode.links, winner, "gid"));
  }
  return {};
}

/// Rows 28, 29, 30 for one extended attribute.
Result<void> check_xattr(Context& context, const XattrDelta& xattr) {
  if (context.delta.made_here(xattr.key.inode)) return {};
  const auto links = TRY(context.head.catalog().links_of(context.delta.base, xattr.key.inode));
  if (all_ignored(context, links)) return {};
  if (!TRY(check_still_there(context, xattr.key.inode, links))) return {};
  const auto theirs = TRY(context.head.catalog().find_xattr(context.head.head(), xattr.key.inode, xattr.key.name));
  if (theirs == xattr.before || theirs == xattr.after) return {};
  return add_attribute(context, xattr.key.inode, context.delta.xattr_links.at(xattr.key.inode), TRY(attribute_winner(context, links)),
                       xattr.key.name);
}

}  // namespace

Result<void> check_attributes(Context& context) {
  for (const InodeDelta& inode : context.delta.inodes) {
    if (inode.before && inode.attributes()) TRY(check_attributes_of(context, inode));
  }
  for (const XattrDelta& xattr : context.delta.xattrs) TRY(check_xattr(context, xattr));
  return {};
}

}  // namespace commitfs::validation
