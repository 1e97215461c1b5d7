#include "txn/past/version_pin.h"

#include <fcntl.h>

#include <cerrno>
#include <string>

#include "meta/base/fault.h"
#include "meta/base/posix.h"

namespace commitfs::past {
namespace {

constexpr char kPinsName[] = "pins";

Result<UniqueFd> open_pins(int control_fd) {
  return posix::open_at(control_fd, kPinsName, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
}

/// A lock of the open file, not of the process: two in one process exclude each other too.
struct flock lock_on(short type, SeqNo version) {
  struct flock lock{};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = static_cast<off_t>(raw(version));
  lock.l_len = 1;
  return lock;
}

}  // namespace

Result<VersionPin> VersionPin::hold(int control_fd, CatalogReader& catalog, SeqNo version) {
  auto file = open_pins(control_fd);
  if (file) {
    struct flock lock = lock_on(F_RDLCK, version);
    while (::fcntl(file->get(), F_OFD_SETLKW, &lock) != 0) {
      if (errno != EINTR) return fail_errno("pin version " + std::to_string(raw(version)));
    }
  } else if (file.error().code == EROFS) {
    file = UniqueFd();
  } else {
    return std::unexpected(std::move(file).error());
  }
  // Looked for with the lock held: who removes it now sees the lock, who did was done before.
  if (!TRY(catalog.find_version(version)))
    return fail(ENOENT, "pin version " + std::to_string(raw(version)));
  TRY(fault::point("pin.held"));
  return VersionPin(*std::move(file), version);
}

Result<VersionClaims> VersionClaims::open(int control_fd) {
  return VersionClaims(TRY(open_pins(control_fd)));
}

Result<bool> VersionClaims::claim(SeqNo version) {
  struct flock lock = lock_on(F_WRLCK, version);
  if (::fcntl(file_.get(), F_OFD_SETLK, &lock) == 0) return true;
  if (errno == EAGAIN || errno == EACCES) return false;
  return fail_errno("claim version " + std::to_string(raw(version)));
}

}  // namespace commitfs::past
