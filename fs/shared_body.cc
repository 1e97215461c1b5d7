#include "fs/shared_body.h"

#include <fcntl.h>

#include <cerrno>

#include "meta/base/posix.h"

namespace commitfs::fs {

Result<void> SharedBody::open_for_reading(const ObjectStore& store, Passthrough& passthrough,
                                          fuse_req_t request, ObjectId object) {
  // The kernel opens the file anew for each handle, with that one's flags.
  fd_ = TRY(store.open_body(object, O_RDONLY));
  backing_id_ = passthrough.open(request, fd_.get());
  return {};
}

Result<SharedBody::Use> SharedBody::take(const ObjectStore& store, Passthrough& passthrough,
                                         fuse_req_t request, ObjectId object, bool writer,
                                         UniqueFd opened) {
  MutexLock lock(mutex_);
  if (users_ == 0 && object != ObjectId::none) {
    TRY(open_for_reading(store, passthrough, request, object));
  }
  if (writer && writers_ == 0) {
    auto writable = opened ? Result<UniqueFd>(std::move(opened)) : store.open_body(object, O_RDWR);
    if (!writable) {
      if (users_ == 0) close(passthrough, request);
      return std::unexpected(std::move(writable).error());
    }
    writable_fd_ = *std::move(writable);
  }
  ++users_;
  if (writer) ++writers_;
  return Use{writer ? writable_fd_.get() : fd_.get(), backing_id_};
}

void SharedBody::give_back(Passthrough& passthrough, fuse_req_t request, bool writer) {
  MutexLock lock(mutex_);
  if (writer && --writers_ == 0) writable_fd_.reset();
  if (--users_ == 0) close(passthrough, request);
}

Result<struct stat> SharedBody::stat() const {
  MutexLock lock(mutex_);
  if (!fd_) return fail(ENOENT, "a body nobody has open");
  return posix::stat_fd(fd_.get());
}

void SharedBody::close(Passthrough& passthrough, fuse_req_t request) {
  passthrough.close(request, backing_id_);
  backing_id_ = 0;
  fd_.reset();
}

}  // namespace commitfs::fs
