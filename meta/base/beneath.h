#pragma once

#include <sys/types.h>

#include <string>

#include "meta/base/error.h"
#include "meta/base/unique_fd.h"

namespace commitfs::posix {

/// openat2(2) that leads nowhere but below `directory_fd`: ELOOP for a symbolic link anywhere in
/// `path`, EXDEV for one that leads out by `..` or by being absolute. Where the kernel has no
/// openat2 (before Linux 5.6) only the last component is checked. O_CLOEXEC is added. Thread-safe.
Result<UniqueFd> open_beneath(int directory_fd, const std::string& path, int flags,
                              mode_t mode = 0);

}  // namespace commitfs::posix
