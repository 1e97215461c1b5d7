#include "fs/capabilities.h"

#include <cstdint>

#include "fs/mount_state.h"

namespace commitfs::fs {
namespace {

#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 17)
void want(fuse_conn_info& connection, std::uint64_t capability) {
  fuse_set_feature_flag(&connection, capability);
}
void leave(fuse_conn_info& connection, std::uint64_t capability) {
  fuse_unset_feature_flag(&connection, capability);
}
#else
void want(fuse_conn_info& connection, std::uint64_t capability) {
  connection.want |= static_cast<unsigned>(capability) & connection.capable;
}
void leave(fuse_conn_info& connection, std::uint64_t capability) {
  connection.want &= ~static_cast<unsigned>(capability);
}
#endif

}  // namespace

void negotiate(Mount& mount, fuse_conn_info& connection) {
  // O_TRUNC comes with OPEN, so that a body is not copied to be emptied.
  want(connection, FUSE_CAP_ATOMIC_O_TRUNC);
  want(connection, FUSE_CAP_PARALLEL_DIROPS);
  want(connection, FUSE_CAP_READDIRPLUS);
  want(connection, FUSE_CAP_READDIRPLUS_AUTO);
  // Commits that take no directory's lock; see commit_ioctl.h.
  want(connection, FUSE_CAP_IOCTL_DIR);
  // Access control lists: the kernel decides by them, and leaves the umask to us, which a default
  // list takes the place of.
  want(connection, FUSE_CAP_POSIX_ACL);
  want(connection, FUSE_CAP_DONT_MASK);
  // Answers to large reads; requests come by read(2), for splicing each one costs more than it
  // saves.
  want(connection, FUSE_CAP_SPLICE_WRITE);
  want(connection, FUSE_CAP_SPLICE_MOVE);
  leave(connection, FUSE_CAP_SPLICE_READ);
  // Bytes change through the kernel only: a new modification time is no reason to drop its pages.
  leave(connection, FUSE_CAP_AUTO_INVAL_DATA);
  // A mapping or a write still in the kernel when the commit comes would be lost.
  leave(connection, FUSE_CAP_WRITEBACK_CACHE);
  leave(connection, FUSE_CAP_HANDLE_KILLPRIV);
  mount.passthrough.negotiate(connection, mount.store().directory_fd());
  // A write that is passed through must not begin with a request; see setuid.h.
  mount.clears_setuid = mount.passthrough.active();
  if (mount.clears_setuid) {
    want(connection, FUSE_CAP_HANDLE_KILLPRIV_V2);
  } else {
    leave(connection, FUSE_CAP_HANDLE_KILLPRIV_V2);
  }
}

}  // namespace commitfs::fs
