#include <fmt/format.h>

#include <cerrno>

#include "txn/tree/entry.h"
#include "txn/tree_operations.h"

namespace commitfs::tree {

Result<void> unlink(Session& session, InodeId parent, std::string_view name) {
  return session.mutate([&](SessionData& data) -> Result<void> {
    TRY(data.directory(parent));
    const auto record = TRY(data.find_child(parent, name));
    if (!record) return fail(ENOENT, fmt::format("unlink {}/{}", raw(parent), name));
    if (record->is_directory()) return fail(EISDIR, fmt::format("unlink {}/{}", raw(parent), name));

    const DirentKey key{parent, std::string(name)};
    const InodeId in_base = TRY(data.base_dirent(key));
    ChangedInode* inode = TRY(data.edit_inode(record->id));
    ChangedInode* directory = TRY(data.edit_inode(parent));

    const TimeNs now_ns = data.now_ns();
    data.remove_name(key, in_base);
    drop_link(*inode, *directory, now_ns);
    touch_entries(*directory, now_ns);
    return {};
  });
}

}  // namespace commitfs::tree
