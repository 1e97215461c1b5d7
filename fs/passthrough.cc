#include "fs/passthrough.h"

#include <spdlog/spdlog.h>
#include <sys/vfs.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace commitfs::fs {

#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 17)

void Passthrough::negotiate(fuse_conn_info& connection, int store_fd) {
  if (!wanted_) return;
  if (!fuse_set_feature_flag(&connection, FUSE_CAP_PASSTHROUGH)) {
    spdlog::warn("this kernel has no FUSE passthrough: reads and writes go through the daemon");
    return;
  }
  // A body on a stacked file system needs the deeper stack, and then nothing can be stacked on the
  // mount.
  constexpr decltype(std::declval<struct statfs>().f_type) kOverlayMagic = 0x794c7630;
  struct statfs below{};
  const bool stacked = ::fstatfs(store_fd, &below) == 0 && below.f_type == kOverlayMagic;
  connection.max_backing_stack_depth =
      stacked ? FUSE_BACKING_STACKED_OVER : FUSE_BACKING_STACKED_UNDER;
  active_ = true;
}

int Passthrough::open(fuse_req_t request, int body_fd) {
  if (!active()) return 0;
  errno = 0;
  const int backing_id = fuse_passthrough_open(request, body_fd);
  if (backing_id > 0) return backing_id;
  const Error refusal{errno, "the kernel refuses passthrough, data goes through the daemon"};
  const bool for_good = refusal.code == EPERM || refusal.code == ELOOP ||
                        refusal.code == EOPNOTSUPP || refusal.code == ENOTTY;
  if (!for_good) {
    spdlog::debug("{}", refusal.describe());
  } else if (active_.exchange(false)) {
    spdlog::warn("{}", refusal.describe());
  }
  return 0;
}

void Passthrough::close(fuse_req_t request, int backing_id) {
  if (backing_id > 0) fuse_passthrough_close(request, backing_id);
}

#else

void Passthrough::negotiate(fuse_conn_info&, int) {
  if (wanted_) {
    spdlog::warn(
        "built with libfuse {}.{}, without passthrough: reads and writes go through the daemon",
        FUSE_MAJOR_VERSION, FUSE_MINOR_VERSION);
  }
}
int Passthrough::open(fuse_req_t, int) {
  return 0;
}
void Passthrough::close(fuse_req_t, int) {}

#endif

}  // namespace commitfs::fs
