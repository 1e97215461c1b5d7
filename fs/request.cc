#include "fs/request.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "fs/mount_state.h"

namespace commitfs::fs {
namespace {

fuse_entry_param to_parameters(const Entry& entry) {
  fuse_entry_param parameters{};
  parameters.ino = entry.node == nullptr ? 0 : raw(entry.node->id);
  parameters.attr = entry.attributes;
  parameters.attr_timeout = entry.attribute_timeout_s;
  parameters.entry_timeout = entry.entry_timeout_s;
  return parameters;
}

}  // namespace

Request::Request(fuse_req_t request, const char* operation, NodeId node)
    : request_(request),
      mount_(*static_cast<Mount*>(fuse_req_userdata(request))),
      operation_(operation),
      node_(node) {
  mount_.metrics.requests.fetch_add(1, std::memory_order_relaxed);
}

Request::Request(Request&& other) noexcept
    : request_(std::exchange(other.request_, nullptr)),
      mount_(other.mount_),
      operation_(other.operation_),
      node_(other.node_) {}

Request::~Request() {
  if (request_ != nullptr) error(EIO);
}

Caller Request::caller() const {
  const fuse_ctx* context = fuse_req_ctx(request_);
  return {.uid = context->uid, .gid = context->gid, .pid = context->pid, .umask = context->umask};
}

std::vector<gid_t> Request::supplementary_groups() const {
  constexpr int kMaxGroups = 65536;  // NGROUPS_MAX of Linux
  std::vector<gid_t> groups(64);
  for (;;) {
    const int count = fuse_req_getgroups(request_, static_cast<int>(groups.size()), groups.data());
    if (count < 0) return {};
    const bool complete = static_cast<std::size_t>(count) <= groups.size();
    groups.resize(static_cast<std::size_t>(std::min(count, kMaxGroups)));
    if (complete) return groups;
  }
}

/// Logs the answer; false when the kernel did not take it (the caller was killed, or the connection
/// is gone).
bool Request::finish(int code, int sent) {
  request_ = nullptr;
  if (spdlog::should_log(spdlog::level::debug)) {
    spdlog::debug("{} {}: {}{}", operation_, commitfs::fs::raw(node_), code,
                  sent == 0 ? "" : " (not taken)");
  }
  return sent == 0;
}

void Request::error(int code) {
  finish(code, fuse_reply_err(request_, code));
}

void Request::error(const Error& failure) {
  if (failure.code == EIO) {
    spdlog::error("{} {}: {}", operation_, commitfs::fs::raw(node_), failure.describe());
  } else if (!failure.context.empty() && spdlog::should_log(spdlog::level::debug)) {
    spdlog::debug("{} {}: {}", operation_, commitfs::fs::raw(node_), failure.describe());
  }
  error(failure.code);
}

void Request::done(const Result<void>& result) {
  if (!result) return error(result.error());
  error(0);
}

void Request::entry(const Result<Entry>& result) {
  if (!result) return error(result.error());
  const fuse_entry_param parameters = to_parameters(*result);
  const bool taken = finish(0, fuse_reply_entry(request_, &parameters));
  if (!taken && result->node != nullptr) mount_.forget(result->node->id, 1);
}

void Request::attributes(const Result<NodeAttributes>& result) {
  if (!result) return error(result.error());
  finish(0, fuse_reply_attr(request_, &result->stat, result->timeout_s));
}

void Request::text(const Result<std::string>& target) {
  if (!target) return error(target.error());
  finish(0, fuse_reply_readlink(request_, target->c_str()));
}

bool Request::bytes(const char* data, std::size_t size) {
  return finish(0, fuse_reply_buf(request_, data, size));
}

void Request::body_bytes(int fd, std::size_t size, off_t offset) {
  fuse_bufvec buffer{};  // as FUSE_BUFVEC_INIT, which is C
  buffer.count = 1;
  buffer.buf[0].size = size;
  buffer.buf[0].flags = static_cast<fuse_buf_flags>(FUSE_BUF_IS_FD | FUSE_BUF_FD_SEEK);
  buffer.buf[0].fd = fd;
  buffer.buf[0].pos = offset;
  finish(0, fuse_reply_data(request_, &buffer, FUSE_BUF_SPLICE_MOVE));
}

void Request::written(std::size_t size) {
  finish(0, fuse_reply_write(request_, size));
}

void Request::statistics(const Result<struct statvfs>& result) {
  if (!result) return error(result.error());
  finish(0, fuse_reply_statfs(request_, &*result));
}

void Request::position(off_t offset) {
  finish(0, fuse_reply_lseek(request_, offset));
}

void Request::polled(unsigned events) {
  finish(0, fuse_reply_poll(request_, events));
}

void Request::controlled(int code, const void* data, std::size_t size) {
  finish(code, fuse_reply_ioctl(request_, -code, data, size));
}

void Request::xattr(const Result<std::string>& value, std::size_t room) {
  if (!value) return error(value.error());
  if (room == 0) {
    finish(0, fuse_reply_xattr(request_, value->size()));
  } else if (value->size() > room) {
    error(ERANGE);
  } else {
    bytes(value->data(), value->size());
  }
}

void Request::none() {
  fuse_reply_none(request_);
  finish(0, 0);
}

bool Request::opened(const fuse_file_info& info) {
  return finish(0, fuse_reply_open(request_, &info));
}

bool Request::created(const Entry& entry, const fuse_file_info& info) {
  const fuse_entry_param parameters = to_parameters(entry);
  return finish(0, fuse_reply_create(request_, &parameters, &info));
}

}  // namespace commitfs::fs
