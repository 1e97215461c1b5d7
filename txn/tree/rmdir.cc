#include <fmt/format.h>

#include <cerrno>

#include "txn/tree/entry.h"
#include "txn/tree_operations.h"

namespace commitfs::tree {

Result<void> rmdir(Session& session, InodeId parent, std::string_view name) {
  return session.mutate([&](SessionData& data) -> Result<void> {
    TRY(data.directory(parent));
    const auto record = TRY(data.find_child(parent, name));
    if (!record) return fail(ENOENT, fmt::format("rmdir {}/{}", raw(parent), name));
    if (!record->is_directory()) return fail(ENOTDIR, fmt::format("rmdir {}/{}", raw(parent), name));
    if (!TRY(data.is_empty(record->id))) return fail(ENOTEMPTY, fmt::format("rmdir {}/{}", raw(parent), name));

    const DirentKey key{parent, std::string(name)};
    const InodeId in_base = TRY(data.base_dirent(key));
    ChangedInode* removed = TRY(data.edit_inode(record->id));
    ChangedInode* directory = TRY(data.edit_inode(parent));

    const TimeNs now_ns = data.now_ns();
    data.remove_name(key, in_base);
    drop_link(*removed, *directory, now_ns);
    touch_entries(*directory, now_ns);
    return {};
  });
}

}  // namespace commitfs::tree
