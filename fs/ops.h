#pragma once

#include <fuse_lowlevel.h>

#include <string_view>

#include "fs/request.h"

/// One function for each FUSE operation, each in its own file in ops/. A request is answered once,
/// here or by a task the operation hands it to. `fuse_file_info` and names live as long as the
/// call: a task takes copies. See fuse_lowlevel.h for what the kernel asks in each. Thread-safe.
namespace commitfs::fs::ops {

// names
void lookup(Request request, NodeId parent, const char* name);
void forget(Request request, NodeId node, std::uint64_t count);
void forget_multi(Request request, std::size_t count, fuse_forget_data* forgets);
void mknod(Request request, NodeId parent, const char* name, mode_t mode, dev_t rdev);
void mkdir(Request request, NodeId parent, const char* name, mode_t mode);
void symlink(Request request, const char* target, NodeId parent, const char* name);
void link(Request request, NodeId node, NodeId parent, const char* name);
void unlink(Request request, NodeId parent, const char* name);
void rmdir(Request request, NodeId parent, const char* name);
void rename(Request request, NodeId parent, const char* name, NodeId new_parent,
            const char* new_name, unsigned flags);

// attributes
void getattr(Request request, NodeId node, fuse_file_info* info);
void setattr(Request request, NodeId node, struct stat* values, int to_set, fuse_file_info* info);
void readlink(Request request, NodeId node);
void getxattr(Request request, NodeId node, const char* name, std::size_t room);
void listxattr(Request request, NodeId node, std::size_t room);
void setxattr(Request request, NodeId node, const char* name, const char* value, std::size_t size,
              int flags);
void removexattr(Request request, NodeId node, const char* name);
void statfs(Request request, NodeId node);

// files
void create(Request request, NodeId parent, const char* name, mode_t mode, fuse_file_info* info);
void tmpfile(Request request, NodeId parent, mode_t mode, fuse_file_info* info);
void open(Request request, NodeId node, fuse_file_info* info);
void read(Request request, NodeId node, std::size_t size, off_t offset, fuse_file_info* info);
void write(Request request, NodeId node, const char* bytes, std::size_t size, off_t offset,
           fuse_file_info* info);
void flush(Request request, NodeId node, fuse_file_info* info);
void release(Request request, NodeId node, fuse_file_info* info);
void fsync(Request request, NodeId node, int data_only, fuse_file_info* info);
void fallocate(Request request, NodeId node, int mode, off_t offset, off_t length,
               fuse_file_info* info);
void copy_file_range(Request request, NodeId from, off_t from_offset, fuse_file_info* from_info,
                     NodeId to, off_t to_offset, fuse_file_info* to_info, std::size_t size,
                     int flags);
void lseek(Request request, NodeId node, off_t offset, int whence, fuse_file_info* info);
void poll(Request request, NodeId node, fuse_file_info* info, fuse_pollhandle* handle);

// directories
void opendir(Request request, NodeId node, fuse_file_info* info);
void readdir(Request request, NodeId node, std::size_t size, off_t offset, fuse_file_info* info);
void readdirplus(Request request, NodeId node, std::size_t size, off_t offset,
                 fuse_file_info* info);
void releasedir(Request request, NodeId node, fuse_file_info* info);
void fsyncdir(Request request, NodeId node, int data_only, fuse_file_info* info);
/// Commands of fs/commit_ioctl.h and fs/events_ioctl.h; ENOTTY for all others.
void ioctl(Request request, NodeId node, unsigned command, void* argument, fuse_file_info* info,
           unsigned flags, const void* in, std::size_t in_size, std::size_t out_size);

}  // namespace commitfs::fs::ops
