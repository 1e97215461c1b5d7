#pragma once

#include <fuse_lowlevel.h>

namespace commitfs::fs {

class Mount;

/// Says what we want of the kernel, when the connection is set up: one place for all of it.
void negotiate(Mount& mount, fuse_conn_info& connection);

}  // namespace commitfs::fs
