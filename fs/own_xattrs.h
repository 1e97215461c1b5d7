#pragma once

#include <string>
#include <string_view>

#include "fs/node_table.h"

namespace commitfs::fs {

class Mount;

/// `user.commitfs.…`: answered by every file, listed by none, settable by nobody.
bool is_own_xattr(std::string_view name);
/// Of a namespace that no tree holds: EOPNOTSUPP.
bool is_foreign_xattr(std::string_view name);
/// A namespace and nothing more.
bool is_nameless_xattr(std::string_view name);
/// seq_no and primary_term of the version that last changed the file (0 while it is only staged),
/// and its file group, directory path and group name joined by '/'. ENODATA.
Result<std::string> find_own_xattr(Mount& mount, const Node& node, std::string_view name);

}  // namespace commitfs::fs
