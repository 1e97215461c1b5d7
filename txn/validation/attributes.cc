#include "txn/validation/context.h"

namespace commitfs::validation {

namespace {

/// Replacements of one name that are looked at, before it is taken for another file.
constexpr int kReplacementsMax = 64;

/// True when one file after the other took the place of the one before, which was gone then:
/// nothing was deleted and made anew, nor moved away, nor was what came a file of my base.
Result<bool> only_replaced(Context& context, const DirentKey& key) {
  CatalogReader& catalog = context.head.catalog();
  auto dirent = TRY(catalog.find_dirent(context.head.head(), key.parent, key.name));
  for (int replacements = 0; dirent && replacements < kReplacementsMax; ++replacements) {
    if (!context.head.is_new(dirent->since)) return true;
    if (TRY(catalog.find_inode(context.delta.base, dirent->inode))) return false;
    const SeqNo replaced_in = dirent->since;
    dirent = TRY(catalog.find_dirent(SeqNo{raw(replaced_in) - 1}, key.parent, key.name));
    if (dirent && TRY(catalog.find_inode(replaced_in, dirent->inode))) return false;
  }
  return false;
}

/// Row 28: true when another version replaced a file by a new one, as editors save. Not when that
/// was moved there from another name of my base, nor when it was made after a delete: that is
/// another file, as is one when mine still has a name somewhere.
Result<bool> is_successor(Context& context, InodeId id, const DirentKey& key,
                          const InodeRecord& theirs) {
  if (!theirs.is_regular() || TRY(context.head.inode(id))) return false;
  const auto before = TRY(context.head.catalog().find_inode(context.delta.base, id));
  return before && before->is_regular() && TRY(only_replaced(context, key));
}

/// What the attributes of an inode of the base land on. Row 30: when it was deleted or moved away
/// meanwhile there is nothing.
Result<std::optional<InodeRecord>> check_still_there(Context& context, InodeId id,
                                                     const std::vector<DirentKey>& base_links) {
  for (const DirentKey& key : base_links) {
    if (context.lost_directories.contains(key.parent) || context.changed_name(key)) continue;
    const GroupHead group = TRY(context.head.group(key));
    if (!context.head.is_new(group.content_seq_no)) continue;
    const auto theirs = TRY(context.head.child(key.parent, key.name));
    if (theirs && theirs->id == id) continue;
    if (theirs && base_links.size() == 1 && TRY(is_successor(context, id, key, *theirs))) {
      context.result.successors.emplace(id, theirs->id);
      return theirs;
    }
    TRY(context.conflicts.add(Category::delete_update, key, group.content_seq_no));
    return std::nullopt;
  }
  return TRY(context.head.inode(id));
}

Result<SeqNo> attribute_winner(Context& context, InodeId id, const std::vector<DirentKey>& links) {
  SeqNo newest = SeqNo::none;
  const bool replaced = context.result.successors.contains(id);
  for (const DirentKey& key : links) {
    const GroupHead group = TRY(context.head.group(key));
    newest = std::max(newest, group.attribute_seq_no);
    if (replaced) newest = std::max(newest, group.content_seq_no);
  }
  if (links.empty()) newest = TRY(context.head.group({InodeId::root, ""})).attribute_seq_no;
  return newest;
}

Result<void> add_attribute(Context& context, InodeId id, const std::vector<DirentKey>& links,
                           SeqNo winner, std::string detail) {
  if (id == InodeId::root || links.empty())
    return context.conflicts.add_path(Category::attribute, ".", winner, std::move(detail));
  return context.conflicts.add(Category::attribute, links.front(), winner, std::move(detail));
}

/// Rows 28, 29, 30 for mode and owner.
Result<void> check_attributes_of(Context& context, const InodeDelta& inode) {
  if (all_ignored(context, inode.base_links)) return {};
  const auto theirs = TRY(check_still_there(context, inode.mine.id, inode.base_links));
  if (!theirs) return {};
  const InodeRecord& before = *inode.before;
  const SeqNo winner = TRY(attribute_winner(context, inode.mine.id, inode.base_links));
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
  const auto bearer = TRY(check_still_there(context, xattr.key.inode, links));
  if (!bearer) return {};
  const auto theirs =
      TRY(context.head.catalog().find_xattr(context.head.head(), bearer->id, xattr.key.name));
  if (theirs == xattr.before || theirs == xattr.after) return {};
  return add_attribute(context, xattr.key.inode, context.delta.xattr_links.at(xattr.key.inode),
                       TRY(attribute_winner(context, xattr.key.inode, links)), xattr.key.name);
}

}  // namespace

Result<void> check_attributes(Context& context) {
  for (const InodeDelta& inode : context.delta.inodes) {
    if (inode.before && inode.attributes()) TRY(check_attributes_of(context, inode));
  }
  for (const XattrDelta& xattr : context.delta.xattrs)
    TRY(check_xattr(context, xattr));
  return {};
}

}  // namespace commitfs::validation
