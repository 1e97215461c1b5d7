#pragma once

#include <memory>

#include "fs/fixed_node.h"

/// The directories at the top of the mount, one file each.
namespace commitfs::fs {

/// Mode and owner of the table's own directory: who may write to it may change what stands for the
/// table in the mount.
Result<struct stat> attributes_of_table(const Mount& mount);

std::shared_ptr<FixedNode> make_mount_root(Mount& mount);
/// Open sessions: mkdir begins one, rmdir drops an unchanged one.
std::shared_ptr<FixedNode> make_sessions_directory(Mount& mount);
/// Receipts. Nothing can be made here but by renaming a session into it.
std::shared_ptr<FixedNode> make_commit_directory(Mount& mount);
std::shared_ptr<FixedNode> make_discard_directory(Mount& mount);
std::shared_ptr<FixedNode> make_snapshots_directory(Mount& mount);
/// A link for each tag: made, renamed over another and removed like any link.
std::shared_ptr<FixedNode> make_tags_directory(Mount& mount);

/// `discard/NAME` answers with the dropped session's empty root, for the newest dropped: mv looks
/// there.
void show_discarded(const Mount& mount, const std::string& name,
                    const std::shared_ptr<View>& session);

}  // namespace commitfs::fs
