#include "meta/base/beneath.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "meta/base/posix.h"

namespace commitfs::posix {
namespace {

/// openat(2) ignores other flags, such as the kernel's own that come with a request of FUSE;
/// openat2(2) refuses them.
constexpr int kFlags = O_ACCMODE | O_CREAT | O_EXCL | O_TRUNC | O_APPEND | O_NONBLOCK | O_SYNC |
                       O_DSYNC | O_DIRECT | O_DIRECTORY | O_NOFOLLOW | O_NOATIME;

}  // namespace

Result<UniqueFd> open_beneath(int directory_fd, const std::string& path, int flags, mode_t mode) {
  open_how how{};
  how.flags = static_cast<decltype(how.flags)>((flags & kFlags) | O_CLOEXEC);
  how.mode = (flags & O_CREAT) != 0 ? mode : 0;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  while (true) {
    const long fd = ::syscall(SYS_openat2, directory_fd, path.c_str(), &how, sizeof how);
    if (fd >= 0) return UniqueFd(static_cast<int>(fd));
    if (errno == ENOSYS) return open_at(directory_fd, path, flags | O_NOFOLLOW, mode);
    // EAGAIN: something was renamed meanwhile.
    if (errno != EINTR && errno != EAGAIN) return fail_errno("open " + path);
  }
}

}  // namespace commitfs::posix
