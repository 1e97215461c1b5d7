#pragma once

#include <string_view>

#include "fs/node_table.h"
#include "meta/base/error.h"

namespace commitfs::fs {

class Mount;

/// The session to change something of a tree in. EROFS when the node is in no session's tree (a
/// session that is not open any more says so itself).
Result<Session*> writable_session(const Node& node);
/// The same for making, renaming or removing `name` in a directory: EPERM for the control
/// directory's name and for fixed directories, ENAMETOOLONG.
Result<Session*> writable_directory(const Node& directory, std::string_view name);

}  // namespace commitfs::fs
