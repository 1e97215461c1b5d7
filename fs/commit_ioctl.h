#pragma once

#include <sys/ioctl.h>

#include <cstdint>

/// The second door into a commit: ioctl(2) on a descriptor of a session's root directory. It does
/// what `mv sessions/NAME commit/RECEIPT` does, but holds none of the locks a rename holds in the
/// kernel until it is answered, so that commits run side by side and share a transaction. For
/// programs outside of the daemon too: nothing here needs libfuse.
namespace commitfs {

/// The argument of kCommitIoctl. What is not named is zero.
struct CommitIoctl {
  static constexpr std::uint32_t kFormat = 1;

  std::uint32_t format = kFormat;  ///< in: of this structure; EINVAL for one not known
  /// Out: how the commit ended: 0, or the errno that ioctl(2) gives as well, as rename(2) would. 0
  /// after a failed call says that it never got to a commit: what has the descriptor is no session
  /// (ENOTTY), the daemon is gone (ENOTCONN).
  std::int32_t error = 0;
  std::uint64_t seq_no = 0;       ///< out: the version made; the base when nothing had changed
  std::uint8_t made_version = 0;  ///< out: 0 when nothing had changed, or it was committed before
  std::uint8_t reserved[7] = {};  ///< in: zero
  char receipt[256] = {};         ///< in: name in commit/, NUL-terminated; empty: the session's
};
static_assert(sizeof(CommitIoctl) == 280, "the kernel reads the size from the command");

/// Durable when it answers 0. Besides the errnos of a commit (README): ENOTTY, EINVAL. EACCES for
/// who may not write to commit/, or is neither root nor the session's maker. A caller that is
/// killed meanwhile does not stop it. Asked again after success it answers 0 and makes nothing.
inline constexpr unsigned long kCommitIoctl = _IOWR(0xCF, 1, CommitIoctl);

}  // namespace commitfs
