#include "txn/validation/context.h"

#include <sys/stat.h>

#include <algorithm>

namespace commitfs::validation {
namespace {

bool same_type(const InodeRecord& a, const InodeRecord& b) {
  return (a.mode & S_IFMT) == (b.mode & S_IFMT);
}

Result<bool> same_xattrs(Context& context, InodeId mine, InodeId theirs, SeqNo at) {
  std::vector<std::pair<std::string, std::string>> values;
  for (const XattrDelta& xattr : context.delta.xattrs) {
    if (xattr.key.inode == mine && xattr.after) values.emplace_back(xattr.key.name, *xattr.after);
  }
  return values == TRY(context.head.catalog().list_xattrs(at, theirs));
}

}  // namespace

bool Context::changed_name(const DirentKey& key) const {
  const auto mine = std::ranges::lower_bound(delta.dirents, key, {}, &DirentDelta::key);
  return mine != delta.dirents.end() && mine->key == key;
}

Result<bool> Context::same_bytes(const InodeRecord& mine, const InodeRecord& theirs) {
  if (mine.size_bytes != theirs.size_bytes) return false;
  if (mine.size_bytes == 0) return true;
  const auto known = bodies.find(mine.object, theirs.object);
  if (!known) result.unknown_bytes.emplace_back(mine.object, theirs.object);
  return known.value_or(false);
}

Result<bool> Context::identical(const InodeDelta& mine, const InodeRecord& theirs, SeqNo at) {
  if (!same_type(mine.mine, theirs) || mine.links.size() != 1) return false;
  if (mine.mine.mode != theirs.mode || mine.mine.uid != theirs.uid || mine.mine.gid != theirs.gid)
    return false;
  if (!TRY(same_xattrs(*this, mine.mine.id, theirs.id, at))) return false;
  if (S_ISLNK(theirs.mode)) return mine.mine.symlink_target == theirs.symlink_target;
  if (!theirs.is_regular()) return mine.mine.rdev == theirs.rdev;
  return same_bytes(mine.mine, theirs);
}

Result<bool> Context::settle_unchanged(const DirentDelta& change,
                                       const std::optional<InodeRecord>& theirs) {
  if (change.before == InodeId::none || !delta.before.at(change.before).is_regular()) return false;
  const InodeDelta* made = delta.find_inode(change.after);
  if (made == nullptr || made->before) return false;
  // As the base has it: it may be gone from the head, or bear other attributes there.
  if (!TRY(identical(*made, delta.before.at(change.before), delta.base))) return false;
  settle(change, theirs ? theirs->id : InodeId::none);
  return true;
}

void Context::settle(const DirentDelta& change, InodeId theirs) {
  result.settled.insert(change.key);
  result.replaced[change.after] = theirs;
}

}  // namespace commitfs::validation
