#pragma once

#include <sys/stat.h>

#include <span>

#include "txn/session.h"

namespace commitfs::fs {

/// What access(2) says of making and removing names in a directory, by mode and owner alone. For
/// what the kernel does not check itself: it does so for every request that goes by a name.
/// Root may always. Whoever is in the owner's class is not looked at as one of the others.
bool may_change_names(const struct stat& directory, const Caller& caller,
                      std::span<const gid_t> supplementary_groups);

}  // namespace commitfs::fs
