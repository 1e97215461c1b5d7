#pragma once

#include "fs/file_handle.h"
#include "fs/request.h"
#include "txn/tree_operations.h"

namespace commitfs::fs {

/// Set-user-ID and set-group-ID bits go when somebody without privilege changes a file's bytes, and
/// when its owner changes. With FUSE_HANDLE_KILLPRIV_V2 that is ours to do; without it the kernel
/// asks for security.capability before each write(2). (Capabilities it goes on removing itself.)
///
/// A file that has such bits when it is opened for writing is not passed through for that handle,
/// so that each write is seen. One that is given them while it is open for writing loses them when
/// a handle is closed, if its body has another time of change by then; as long as it is open for
/// writing nobody can execute it (ETXTBSY). Privilege is taken for being root.
/// Source: setattr_should_drop_suidgid in Linux fs/attr.c; chown_common in fs/open.c; fuse_setattr
/// in fs/fuse/dir.c.

/// True for a regular file's mode with one of the bits.
bool has_setuid(mode_t mode);

/// The caller changed the file's bytes. A relaxed load for a file that never had the bits.
void clear_setuid(const Request& request, Node& node);
/// A writer is about to give its handle back: the bytes may have changed without us.
void clear_setuid_at_close(Mount& mount, const FileHandle& handle);
/// Before a SETATTR is made: adds to `changes` what a new owner (of anything but a directory), or a
/// new size set without privilege, takes away. `to_set` is libfuse's. Afterwards,
/// `note_setuid_body`.
Result<void> clear_setuid_with(const Request& request, Node& node, int to_set,
                               tree::SetAttributes& changes);
/// A SETATTR was made: what changes the body from now on is a write.
void note_setuid_body(Node& node);

}  // namespace commitfs::fs
