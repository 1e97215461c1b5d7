// Calls about a file's size, holes and ranges.
#include <fcntl.h>
#include <linux/falloc.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "tests/mounted/parity/runner.h"

namespace commitfs::test::parity {
namespace {

std::string allocate(const Call& call) {
  static const std::map<std::string, unsigned> names{{"0", 0},
                                                     {"KEEP_SIZE", FALLOC_FL_KEEP_SIZE},
                                                     {"PUNCH_HOLE", FALLOC_FL_PUNCH_HOLE},
                                                     {"ZERO_RANGE", FALLOC_FL_ZERO_RANGE},
                                                     {"COLLAPSE_RANGE", FALLOC_FL_COLLAPSE_RANGE},
                                                     {"INSERT_RANGE", FALLOC_FL_INSERT_RANGE}};
  return outcome(::fallocate(call.descriptor(0), static_cast<int>(call.flags(1, names)),
                             call.number(2), call.number(3)));
}

/// Positions in a directory are the file system's own affair.
std::string seek(const Call& call) {
  struct stat status{};
  if (::fstat(call.descriptor(0), &status) == 0 && S_ISDIR(status.st_mode)) return "a directory";
  static const std::map<std::string, unsigned> names{{"SET", SEEK_SET},
                                                     {"CUR", SEEK_CUR},
                                                     {"END", SEEK_END},
                                                     {"DATA", SEEK_DATA},
                                                     {"HOLE", SEEK_HOLE}};
  return outcome(
      ::lseek(call.descriptor(0), call.number(2), static_cast<int>(call.flags(1, names))));
}

/// Until all is copied: the call may stop short.
std::string copy_range(const Call& call) {
  off_t from = call.number(1);
  off_t to = call.number(3);
  long long left = call.number(4);
  while (left > 0) {
    const ssize_t count = ::copy_file_range(call.descriptor(0), &from, call.descriptor(2), &to,
                                            static_cast<std::size_t>(left), 0);
    if (count < 0) return error_name();
    if (count == 0) break;
    left -= count;
  }
  return outcome(call.number(4) - left);
}

std::string blocks(const char* path) {
  struct stat status{};
  if (::stat(path, &status) != 0) return error_name();
  const auto allocated = static_cast<long long>(status.st_blocks) * 512;
  return allocated == 0                           ? "no blocks"
         : allocated < status.st_size             ? "fewer blocks than bytes"
         : allocated < status.st_size + (1 << 20) ? "all blocks"
                                                  : "blocks to spare";
}

}  // namespace

Calls range_calls() {
  return {
      {"truncate", {2, [](const Call& c) { return outcome(::truncate(c.path(0), c.number(1))); }}},
      {"ftruncate",
       {2, [](const Call& c) { return outcome(::ftruncate(c.descriptor(0), c.number(1))); }}},
      {"fallocate", {4, allocate}},
      {"seek", {3, seek}},
      {"copy_range", {5, copy_range}},
      {"blocks", {1, [](const Call& c) { return blocks(c.path(0)); }}},
      {"advise",
       {1,
        [](const Call& c) {
          return outcome(::posix_fadvise(c.descriptor(0), 0, 0, POSIX_FADV_DONTNEED));
        }}},
  };
}

}  // namespace commitfs::test::parity
