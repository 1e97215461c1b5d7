#include "txn/tree/entry.h"
#include "txn/tree_operations.h"

namespace commitfs::tree {

Result<Attributes> mkdir(Session& session, const Caller& caller, InodeId parent,
                         std::string_view name, mode_t mode) {
  // Of the special bits mkdir(2) takes only the sticky one; set-group-ID is inherited.
  const mode_t permissions = mode & (0777 | S_ISVTX);
  return make_entry(session, caller, parent, name, S_IFDIR | permissions, 0, {});
}

}  // namespace commitfs::tree
