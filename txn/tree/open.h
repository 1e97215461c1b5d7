#pragma once

#include <optional>

#include "meta/base/clock.h"
#include "meta/base/error.h"

namespace commitfs::tree {

/// futimens(2) of a body: absent times stay as they are. Errors: EIO, ENOSPC.
Result<void> set_times(int fd, std::optional<TimeNs> atime_ns, std::optional<TimeNs> mtime_ns);

}  // namespace commitfs::tree
