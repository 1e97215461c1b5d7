#pragma once

#include <fcntl.h>
#include <fuse_lowlevel.h>

#include "fs/file_handle.h"
#include "fs/request.h"

namespace commitfs::fs {

inline bool wants_to_write(int flags) {
  return (flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC) != 0;
}

/// Opens the body that a handle was counted on, and fills in what the kernel needs of it. On an
/// error the handle, and the writer if it is one, was given back. `opened` may hold the body
/// already.
Result<std::shared_ptr<FileHandle>> open_body(Mount& mount, fuse_req_t request,
                                              std::shared_ptr<Node> node, tree::Body body,
                                              bool writer, UniqueFd opened, fuse_file_info& info);
/// Undoes it, at RELEASE or when the kernel did not take the answer.
void close_file(Mount& mount, fuse_req_t request, FileHandle& handle);

/// OPEN of a file in a tree, answered here or on the executor.
void open_tree_file(Request request, std::shared_ptr<Node> node, const fuse_file_info& info);
/// Opens a control file for any use, and fills in what the kernel needs of it. EPERM, EROFS, or
/// what its content says.
Result<std::shared_ptr<FileHandle>> open_control(Mount& mount, const std::shared_ptr<Node>& node,
                                                 const Caller& caller, fuse_file_info& info);
/// OPEN of a control file, answered here or on the executor.
void open_control_file(Request request, std::shared_ptr<Node> node, const fuse_file_info& info);

}  // namespace commitfs::fs
