#pragma once

#include <sys/stat.h>

#include "fs/node_table.h"
#include "txn/tree_operations.h"

namespace commitfs::fs {

class Mount;

/// Setuid and setgid bits go when somebody without privilege writes to a file, and when its owner
/// changes. With FUSE_HANDLE_KILLPRIV_V2 that is ours to do. The daemon sees no writes when they
/// are passed through, so it clears the bits already when the file is opened for writing; the only
/// difference to be seen is on a file that was opened so and not written.
/// Source: setattr_should_drop_suidgid in Linux fs/attr.c.

/// `mode` without setuid, and without setgid if that is not just mandatory locking.
mode_t without_setuid(mode_t mode);
/// For an open for writing by `uid`.
void clear_setuid_at_open(Mount& mount, const Node& node, uid_t uid);
/// For a SETATTR that changes the owner, or the size on behalf of somebody without privilege.
Result<void> clear_setuid_with(const Node& node, int to_set, tree::SetAttributes& changes);

}  // namespace commitfs::fs
