#pragma once

#include <string_view>

#include "fs/node_table.h"
#include "txn/session.h"

namespace commitfs::fs {

class Request;

/// The root of a session is shown as its maker's, so that the kernel lets them commit and discard
/// it. What that would give them beyond their rights in the table's own root is taken back here.

/// A session shows all of a version: EACCES for who may not read and search the root of the head or
/// of the version that `name` (NAME@VERSION) begins at.
Result<void> check_begin(const Request& request, std::string_view name);
/// chmod(2) and chown(2) of the root: EPERM for who does not own the table's.
Result<void> check_attributes(const Node& node, const Caller& caller);
/// Removing or renaming `name` in a sticky root: EPERM for who owns neither.
Result<void> check_sticky(const Node& directory, std::string_view name, const Caller& caller);

}  // namespace commitfs::fs
