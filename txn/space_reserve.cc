#include "txn/space_reserve.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>

#include "meta/base/posix.h"

namespace commitfs {
namespace {

constexpr char kName[] = "reserve";

// A session of some ten thousand changes is forgotten in the larger.
constexpr std::uint64_t kSmallestBytes = 256 * 1024;
constexpr std::uint64_t kLargestBytes = 4 * 1024 * 1024;
constexpr std::uint64_t kPart = 64;  ///< of the file system
constexpr std::uint64_t kLittleBytes = 128 * 1024;

std::uint64_t bytes_of(const struct stat& file) {
  return static_cast<std::uint64_t>(file.st_blocks) * 512;
}

Result<void> allocate(int directory) {
  const struct statvfs statistics = TRY(posix::statvfs_fd(directory));
  const std::uint64_t all_bytes = std::uint64_t{statistics.f_blocks} * statistics.f_frsize;
  const std::uint64_t size_bytes = std::clamp(all_bytes / kPart, kSmallestBytes, kLargestBytes);
  const UniqueFd file =
      TRY(posix::open_at(directory, kName, O_CREAT | O_WRONLY | O_NOFOLLOW, 0600));
  if (bytes_of(TRY(posix::stat_fd(file.get()))) >= size_bytes) return {};
  if (::fallocate(file.get(), 0, 0, static_cast<off_t>(size_bytes)) != 0)
    return fail_errno("fallocate");
  return {};
}

/// True when it gave something back.
Result<bool> shrink(int directory) {
  const auto file = posix::open_at(directory, kName, O_WRONLY | O_NOFOLLOW);
  if (!file && file.error().code == ENOENT) return false;
  if (!file) return std::unexpected(file.error());
  const struct stat found = TRY(posix::stat_fd(file->get()));
  const std::uint64_t left_bytes = bytes_of(found);
  if (left_bytes == 0) return false;
  const std::uint64_t kept_bytes = left_bytes <= kLittleBytes ? 0 : left_bytes / 2;
  TRY(posix::truncate(file->get(), static_cast<off_t>(kept_bytes)));
  return true;
}

}  // namespace

bool SpaceReserve::fill() {
  const auto allocated = allocate(directory_.get());
  if (!allocated) spdlog::debug("no space is set aside: {}", allocated.error().describe());
  return allocated.has_value();
}

bool SpaceReserve::release_some() {
  const auto shrunk = shrink(directory_.get());
  if (!shrunk) spdlog::warn("the space set aside is not given back: {}", shrunk.error().describe());
  return shrunk && *shrunk;
}

}  // namespace commitfs
