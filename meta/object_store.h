#pragma once

#include <sys/statvfs.h>

#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "meta/base/error.h"
#include "meta/base/unique_fd.h"
#include "meta/types.h"

namespace commitfs {

/// File bodies by id, one plain file each, in the directory `.commitfs/objects`. A body is made
/// under its final name, so committing it moves no data. Ids that follow each other share a
/// directory (4,096 to one), so that a commit of many new files syncs few directories. Mode 0600,
/// owned by the daemon. Thread-safe.
class ObjectStore {
 public:
  /// Opens (making it if need be, mode 0700) the store at `directory`. Errors: ENOENT, EACCES, EIO.
  static Result<ObjectStore> open(const std::filesystem::path& directory);

  /// Makes a new empty body, open for reading and writing. Errors: EEXIST, ENOSPC, EDQUOT, EMFILE,
  /// EIO. Not durable.
  Result<UniqueFd> create(ObjectId id) const;
  /// Opens a body. `flags` as open(2). Errors: ENOENT, EMFILE, EIO.
  Result<UniqueFd> open_body(ObjectId id, int flags) const;
  /// Makes `to` with the bytes and mtime of `from`: by reflink, else by copy that keeps holes.
  /// Returns it open for reading and writing. On failure nothing is left under `to`. Errors:
  /// ENOSPC, EDQUOT, EIO. Not durable.
  Result<UniqueFd> clone(ObjectId from, ObjectId to) const;
  /// Links an existing regular file of the user's into the store under `id`; the file is not
  /// touched. A symbolic link is not followed. Errors: EINVAL (not a regular file), ENOENT, EEXIST,
  /// EPERM (fs.protected_hardlinks), EXDEV (another file system), EMLINK, EIO. Durable after
  /// `seal`.
  Result<void> adopt(ObjectId id, int directory_fd, const std::string& name) const;
  /// Makes bodies and their names permanent. Durable when it returns: bodies and directories are
  /// synced. Many at once cost one syncfs. After an error nothing is known of any of them. Errors:
  /// ENOENT, ENOSPC, EDQUOT, EIO. Source: Pillai et al., OSDI 2014 (sync before the name that
  /// refers to it is published).
  Result<void> seal(std::span<const ObjectId> ids) const;
  /// Removes a body; one that is not there is no error.
  Result<void> remove(ObjectId id) const;
  /// stat(2) of a body: its true size, blocks and times.
  Result<struct stat> stat(ObjectId id) const;
  /// True while somebody, in whatever process, has the body open for writing or mapped so; false
  /// where the file system cannot tell. Not for a body that a program may open for writing at the
  /// same moment: that open could fail.
  Result<bool> has_writers(ObjectId id) const;
  /// True when two bodies hold the same bytes. Reads both at most once.
  Result<bool> identical(ObjectId a, ObjectId b) const;
  /// statvfs(2) of the file system below.
  Result<struct statvfs> statistics() const;
  /// The directory itself, for statistics and tests.
  int directory_fd() const { return directory_.get(); }

  ObjectStore(ObjectStore&&) noexcept;
  ObjectStore& operator=(ObjectStore&&) noexcept;
  ~ObjectStore();

 private:
  class NewShards;
  explicit ObjectStore(UniqueFd directory);

  Result<UniqueFd> create_in_shard(ObjectId id) const;
  Result<void> seal_each(std::span<const ObjectId> ids) const;

  UniqueFd directory_;
  std::unique_ptr<NewShards> new_shards_;
};

}  // namespace commitfs
