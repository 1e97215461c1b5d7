#pragma once

#include <memory>
#include <string>

#include "fs/request.h"

namespace commitfs::fs {

/// Renames of a version's directory: into commit/ the table goes back to it, by a commit of a
/// session that is made for it and called like the receipt; into discard/ it is taken out of the
/// table. EPERM for anything else that has a name there, EROFS for any other place. Both are
/// answered when they are durable, by another thread.
void move_snapshot(Request request, const std::string& name,
                   const std::shared_ptr<Node>& new_parent, const std::string& new_name,
                   unsigned flags);

}  // namespace commitfs::fs
