#pragma once

#include <fuse_lowlevel.h>

#include <functional>
#include <string_view>
#include <vector>

#include "fs/attributes.h"
#include "fs/entry.h"
#include "txn/session.h"

namespace commitfs::fs {

class Mount;

/// One request of the kernel's and the only place that answers it: exactly once, with a positive
/// errno or a result. Dropped unanswered (an exception), it answers EIO. Move-only, so that it can
/// be handed to another thread; not thread-safe.
class Request {
 public:
  Request(fuse_req_t request, const char* operation, NodeId node);
  Request(Request&& other) noexcept;
  Request& operator=(Request&&) = delete;
  ~Request();

  Mount& mount() const { return mount_; }
  Caller caller() const;
  /// The caller's supplementary groups; none when they cannot be told (it is gone, or in another
  /// PID namespace).
  std::vector<gid_t> supplementary_groups() const;
  fuse_req_t raw() const { return request_; }

  void error(int code);
  void error(const Error& error);
  /// For operations without a result: 0 or the errno.
  void done(const Result<void>& result);
  void entry(const Result<Entry>& result);
  void attributes(const Result<NodeAttributes>& result);
  void text(const Result<std::string>& target);
  /// False when the caller does not take the answer: what was counted for it must be given back.
  bool bytes(const char* data, std::size_t size);
  /// What is in `fd` at `offset`, spliced where that pays.
  void body_bytes(int fd, std::size_t size, off_t offset);
  void written(std::size_t size);
  void statistics(const Result<struct statvfs>& result);
  void position(off_t offset);
  /// poll(2).
  void polled(unsigned events);
  /// ioctl(2): 0 or the errno, and `data` for the caller in both cases.
  void controlled(int code, const void* data, std::size_t size);
  /// getxattr(2) and listxattr(2): the value, or its size when the caller gave no room. ERANGE.
  void xattr(const Result<std::string>& value, std::size_t room);
  /// Nothing to say (FORGET).
  void none();
  /// False as `bytes`.
  bool opened(const fuse_file_info& info);
  bool created(const Entry& entry, const fuse_file_info& info);

 private:
  bool finish(int code, int sent);

  fuse_req_t request_;
  Mount& mount_;
  const char* operation_;
  NodeId node_;
};

}  // namespace commitfs::fs
