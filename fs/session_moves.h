#pragma once

#include <memory>
#include <string>

#include "fs/request.h"

namespace commitfs::fs {

/// Renames of a session's directory: within sessions/ its name, into commit/ a commit, into
/// discard/ its end. Anything else is EPERM: EXDEV would make mv copy the session. A commit is
/// answered when it is durable, by a thread of the pipeline.
void move_session(Request request, const std::string& name, const std::shared_ptr<Node>& new_parent,
                  const std::string& new_name, unsigned flags);

/// A receipt whose entry the kernel still has looks like a directory to move into: `mv sessions/a
/// commit/` then asks for commit/a/a, and means the same.
bool is_receipt_root(const Node& node);

}  // namespace commitfs::fs
