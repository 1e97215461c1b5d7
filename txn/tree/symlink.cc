#include <cerrno>
#include <climits>

#include "txn/tree/entry.h"
#include "txn/tree_operations.h"

namespace commitfs::tree {

Result<Attributes> symlink(Session& session, const Caller& caller, InodeId parent,
                           std::string_view name, std::string_view target) {
  if (target.empty()) return fail(ENOENT, "symlink to nothing");
  if (target.size() >= PATH_MAX) return fail(ENAMETOOLONG, "symlink target");
  return make_entry(session, caller, parent, name, S_IFLNK | 0777, 0, target);
}

}  // namespace commitfs::tree
