#include "meta/copy_body.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <vector>

#include "meta/base/posix.h"

namespace commitfs {
namespace {

constexpr std::size_t kBufferBytes = 256 * 1024;
/// Asked of the kernel at once, so that a copy of a huge body can be interrupted by a signal now
/// and then.
constexpr std::size_t kRangeBytes = 256 * 1024 * 1024;

bool means_cannot_share(int code) {
  return code == EOPNOTSUPP || code == ENOSYS || code == EXDEV || code == EINVAL || code == ENOTTY;
}

Result<void> copy_through_buffer(int from_fd, int to_fd, off_t begin, off_t end) {
  std::vector<std::byte> buffer(kBufferBytes);
  while (begin < end) {
    const auto wanted = std::min(buffer.size(), static_cast<std::size_t>(end - begin));
    const auto count = TRY(posix::read_at(from_fd, std::span(buffer).first(wanted), begin));
    if (count == 0) return fail(EIO, "copy a body: it is shorter than its size");
    TRY(posix::write_all_at(to_fd, std::span(buffer).first(count), begin));
    begin += static_cast<off_t>(count);
  }
  return {};
}

Result<void> copy_data(int from_fd, int to_fd, off_t begin, off_t end) {
  while (begin < end) {
    const auto wanted = std::min(kRangeBytes, static_cast<std::size_t>(end - begin));
    const auto count = posix::copy_range(from_fd, to_fd, begin, wanted);
    if (!count && !means_cannot_share(count.error().code)) return std::unexpected(count.error());
    // Some file systems answer 0 for what they cannot copy.
    if (!count || *count == 0) return copy_through_buffer(from_fd, to_fd, begin, end);
    begin += static_cast<off_t>(*count);
  }
  return {};
}

Result<void> copy_without_holes(int from_fd, int to_fd, off_t size_bytes) {
  TRY(posix::truncate(to_fd, size_bytes));
  off_t position = 0;
  while (position < size_bytes) {
    const auto begin = TRY(posix::seek_data(from_fd, position));
    if (!begin) break;
    position = std::min(TRY(posix::seek_hole(from_fd, *begin)), size_bytes);
    TRY(copy_data(from_fd, to_fd, *begin, position));
  }
  return {};
}

}  // namespace

Result<void> copy_body(int from_fd, int to_fd) {
  const auto attributes = TRY(posix::stat_fd(from_fd));
  const auto shared = posix::reflink(from_fd, to_fd);
  if (!shared) {
    if (!means_cannot_share(shared.error().code)) return shared;
    TRY(copy_without_holes(from_fd, to_fd, attributes.st_size));
  }
  return posix::set_mtime(to_fd, attributes.st_mtim);
}

}  // namespace commitfs
