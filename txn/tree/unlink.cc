#include <fmt/format.h>

#include <cerrno>

#include "txn/tree/entry.h"
#include "txn/tree_operations.h"

namespace commitfs::tree {

Result<void> unlink(Session& session, InodeId parent, std::string_view name) {
  return session.mutate([&](SessionData& data) -> Result<void> {
    const InodeRecord parent_record = TRY(data.directory(parent));
    const DirentKey key{parent, std::string(name)};
    const auto entry = TRY(data.find_entry(key));
    if (!entry.inode) return fail(ENOENT, fmt::format("unlink {}/{}", raw(parent), name));
    if (entry.inode->is_directory())
      return fail(EISDIR, fmt::format("unlink {}/{}", raw(parent), name));

    ChangedInode* unlinked = data.edit_inode(*entry.inode);
    ChangedInode* directory = data.edit_inode(parent_record);
    const TimeNs now_ns = data.now_ns();
    data.remove_name(key, entry.in_base);
    drop_link(*unlinked, *directory, now_ns);
    touch_entries(*directory, now_ns);
    return {};
  });
}

}  // namespace commitfs::tree
