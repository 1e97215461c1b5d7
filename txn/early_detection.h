#pragma once

#include <string_view>

#include "txn/session.h"

namespace commitfs {

/// What a session with `early` set learns when it first opens a file for writing. All ask for the
/// group as validation will; they take no lock while they do, so that what they say can be out of
/// date at once: a hint, never a verdict. Free when `early` is off.
///
/// A version after the session's base that changed the group's content is noted in the session,
/// and is ECANCELED when `early` is `fail`; an older open session that is changing it is noted.
/// Other errors: EIO, EAGAIN of the catalog.

/// Before the body of `inode`, which the base has, becomes the session's own.
Result<void> detect_early(Session& session, InodeId inode);
/// Before a file `name` is made and opened for writing.
Result<void> detect_early(Session& session, InodeId parent, std::string_view name);

}  // namespace commitfs
