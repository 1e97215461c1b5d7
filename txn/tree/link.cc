#include <fmt/format.h>

#include <cerrno>

#include "txn/tree/entry.h"
#include "txn/tree_operations.h"

namespace commitfs::tree {
namespace {

constexpr std::uint32_t kLinksMax = 65000;  // as ext4

}  // namespace

Result<Attributes> link(Session& session, InodeId inode, InodeId new_parent,
                        std::string_view new_name) {
  return session.mutate([&](SessionData& data) -> Result<Attributes> {
    const auto record = TRY(data.find_inode(inode));
    if (!record) return fail(ENOENT, fmt::format("link {}", raw(inode)));
    const InodeRecord new_directory = TRY(directory_for_new_name(data, new_parent, new_name));
    if (record->is_directory()) return fail(EPERM, fmt::format("link directory {}", raw(inode)));
    const ChangedInode* changed = data.changes.find_inode(inode);
    // One that never had a name (O_TMPFILE) may get its first.
    const bool is_unnamed = changed != nullptr && changed->made_here && !changed->place;
    if (record->nlink == 0 && !is_unnamed)
      return fail(ENOENT, fmt::format("link {}, which was unlinked", raw(inode)));
    if (record->nlink >= kLinksMax) return fail(EMLINK, fmt::format("link {}", raw(inode)));

    const DirentKey key{new_parent, std::string(new_name)};
    const InodeId in_base = TRY(data.base_dirent(key));
    ChangedInode* linked = data.edit_inode(*record);
    ChangedInode* directory = data.edit_inode(new_directory);
    data.put_name(key, *linked, in_base);
    const TimeNs now_ns = data.now_ns();
    ++linked->record.nlink;
    linked->record.ctime_ns = now_ns;
    touch_entries(*directory, now_ns);
    return data.attributes_of(*linked);
  });
}

}  // namespace commitfs::tree
