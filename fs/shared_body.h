#pragma once

#include <fuse_lowlevel.h>
#include <sys/stat.h>

#include "fs/passthrough.h"
#include "meta/base/mutex.h"
#include "meta/object_store.h"
#include "txn/tree_operations.h"

namespace commitfs::fs {

/// The body of a node while handles have it open: one descriptor and one registration with the
/// kernel for all of them, as passthrough demands that all opens of an inode use the same backing
/// file. It is open for writing only while a writer is: whoever still is after that is a program
/// that mapped it (ObjectStore::has_writers). Thread-safe.
class SharedBody {
 public:
  struct Use {
    int fd = -1;         ///< stays open until the use is given back; -1: the empty body
    int backing_id = 0;  ///< 0: ordinary reads and writes
  };

  /// Opens the body for its first user, else shares it. `opened` may hold it already for reading
  /// and writing (a file just created).
  Result<Use> take(const ObjectStore& store, Passthrough& passthrough, fuse_req_t request,
                   ObjectId object, bool writer, UniqueFd opened = {}) EXCLUDES(mutex_);
  /// Gives back one use; the last one closes.
  void give_back(Passthrough& passthrough, fuse_req_t request, bool writer) EXCLUDES(mutex_);
  /// stat(2) of the body; ENOENT while nobody has it open.
  Result<struct stat> stat() const EXCLUDES(mutex_);

 private:
  Result<void> open_for_reading(const ObjectStore& store, Passthrough& passthrough,
                                fuse_req_t request, ObjectId object) REQUIRES(mutex_);
  void close(Passthrough& passthrough, fuse_req_t request) REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::uint32_t users_ GUARDED_BY(mutex_) = 0;
  std::uint32_t writers_ GUARDED_BY(mutex_) = 0;
  UniqueFd fd_ GUARDED_BY(mutex_);           ///< for reading
  UniqueFd writable_fd_ GUARDED_BY(mutex_);  ///< while there are writers
  int backing_id_ GUARDED_BY(mutex_) = 0;
};

}  // namespace commitfs::fs
