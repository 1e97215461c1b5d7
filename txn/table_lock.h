#pragma once

#include <string>

#include "meta/base/error.h"
#include "meta/base/unique_fd.h"

namespace commitfs {

/// The right to commit to a table: flock(2) on `.commitfs/lock`, which holds the holder's pid as
/// text. Given back when destroyed, and by the kernel when the process dies. Move-only; not
/// thread-safe.
class TableLock {
 public:
  /// Takes the lock in the control directory `control_fd`, making the file if need be. Waits
  /// only, and not for long, where the holder died while it started another program (a hook), which
  /// then holds the lock for a moment more. `table` is for the message. Errors: EBUSY ("table /x is
  /// mounted for committing by process 123"), EACCES, EROFS, ENOSPC, EIO.
  static Result<TableLock> take(int control_fd, const std::string& table);

  /// Gives the lock back and removes its file, for a control directory that is being removed.
  void remove(int control_fd) &&;

 private:
  explicit TableLock(UniqueFd file) : file_(std::move(file)) {}
  UniqueFd file_;
};

}  // namespace commitfs
