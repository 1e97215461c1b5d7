#pragma once

#include "meta/base/error.h"

namespace commitfs {

/// Gives the empty file `to_fd` the bytes and mtime of `from_fd`, which nobody changes meanwhile:
/// by reflink where the file system can, else by copying its data and leaving its holes. Errors:
/// ENOSPC, EDQUOT, EFBIG, EIO; `to_fd` then holds anything. Moves the file offset of `from_fd`. Not
/// durable.
Result<void> copy_body(int from_fd, int to_fd);

}  // namespace commitfs
