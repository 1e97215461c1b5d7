#include <fmt/format.h>

#include <cerrno>

#include "txn/tree/entry.h"
#include "txn/tree_operations.h"

namespace commitfs::tree {

Result<void> rmdir(Session& session, InodeId parent, std::string_view name) {
  return session.mutate([&](SessionData& data) -> Result<void> {
    const InodeRecord parent_record = TRY(data.directory(parent));
    const DirentKey key{parent, std::string(name)};
    const auto entry = TRY(data.find_entry(key));
    if (!entry.inode) return fail(ENOENT, fmt::format("rmdir {}/{}", raw(parent), name));
    if (!entry.inode->is_directory())
      return fail(ENOTDIR, fmt::format("rmdir {}/{}", raw(parent), name));
    if (!TRY(data.is_empty(entry.inode->id)))
      return fail(ENOTEMPTY, fmt::format("rmdir {}/{}", raw(parent), name));

    ChangedInode* removed = data.edit_inode(*entry.inode);
    ChangedInode* directory = data.edit_inode(parent_record);
    const TimeNs now_ns = data.now_ns();
    data.remove_name(key, entry.in_base);
    drop_link(*removed, *directory, now_ns);
    touch_entries(*directory, now_ns);
    return {};
  });
}

}  // namespace commitfs::tree
