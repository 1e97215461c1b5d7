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

}  // namespace commitfs::fs
