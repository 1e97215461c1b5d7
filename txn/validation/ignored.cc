#include <algorithm>

#include "txn/validation/context.h"

/// Row 40: files whose names the configuration says to ignore. The later commit's file stays,
/// whatever others did under its name; only where it can neither be laid over theirs nor be left
/// out (a directory, a rename, several links) the other rows decide.
namespace commitfs::validation {

Result<bool> take_ignored_name(Context& context, const DirentDelta& change,
                               const std::optional<InodeRecord>& theirs) {
  const Delta& delta = context.delta;
  if (!context.config.ignores(change.key.name)) return false;
  if (theirs && theirs->is_directory()) return false;
  if (change.before != InodeId::none &&
      (delta.is_directory(change.before) || delta.moved.contains(change.before))) {
    return false;
  }
  if (change.after != InodeId::none &&
      (!delta.made_here(change.after) || delta.is_directory(change.after))) {
    return false;
  }
  if (!theirs && change.after == InodeId::none) {
    context.result.settled.insert(change.key);
    return true;
  }
  context.result.ignored.push_back(
      {.key = change.key, .theirs = theirs ? theirs->id : InodeId::none});
  return true;
}

Result<bool> take_ignored_content(Context& context, const InodeDelta& inode, const DirentKey& key,
                                  const std::optional<InodeRecord>& theirs) {
  if (!context.config.ignores(key.name)) return false;
  if (theirs && theirs->id == inode.mine.id) return true;  // my bytes go over theirs
  if (theirs && theirs->is_directory()) return false;
  if (inode.base_links.size() != 1 || inode.links != inode.base_links) return false;
  if (TRY(context.head.inode(inode.mine.id))) return false;  // it has another name by now
  context.result.ignored.push_back(
      {.key = key, .theirs = theirs ? theirs->id : InodeId::none, .in_place = inode.mine.id});
  return true;
}

bool all_ignored(const Context& context, const std::vector<DirentKey>& links) {
  return !links.empty() && std::ranges::all_of(links, [&](const DirentKey& key) {
    return context.config.ignores(key.name);
  });
}

}  // namespace commitfs::validation
