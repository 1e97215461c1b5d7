#pragma once

#include <fuse_lowlevel.h>

namespace commitfs::fs {

/// The table of operations for libfuse; user data of the session is the Mount. What is not in it
/// the kernel does itself or does without: locks and flock (its own), access (default_permissions),
/// copy_file_range (reads and writes), ioctl, poll.
const fuse_lowlevel_ops& operations();

}  // namespace commitfs::fs
