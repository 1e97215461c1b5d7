#pragma once

#include <optional>
#include <string>

#include "txn/delta.h"
#include "txn/session.h"

namespace commitfs {

/// What other open sessions are doing at the moment. A hint: nobody is stopped by it, and it can be
/// out of date at once. Thread-safe; takes the others' locks one after the other.

/// True when `other` has given `key` another meaning, or `inode` a body of its own. `inode` is none
/// for a name that is about to be made.
bool is_changing(Session& other, const DirentKey& key, InodeId inode);

/// Row 14 of the conflict table: a sentence that names a writer who is changing something that the
/// rewrite `delta` of `session` replaces. Empty when there is none.
std::optional<std::string> writer_in_the_way(Session& session, const Delta& delta);

}  // namespace commitfs
