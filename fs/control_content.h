#pragma once

#include <string>
#include <string_view>

#include "fs/control.h"
#include "meta/base/mutex.h"

namespace commitfs::fs {

/// One open(2) of a control file: reads show it as it was when opened; each write sets the value at
/// once, and one that goes on where the last ended continues it. Thread-safe.
class ControlContent {
 public:
  static constexpr std::size_t kMaxValueBytes = 1 << 20;

  ControlContent(const ControlFile& file, ControlSource source, bool append)
      : file_(file), source_(std::move(source)), append_(append) {}

  const ControlFile& file() const { return file_; }
  const ControlSource& source() const { return source_; }

  /// For an open that may read.
  Result<void> render() EXCLUDES(mutex_);
  /// `>` without a write: empties a value that may be empty.
  Result<void> truncate() EXCLUDES(mutex_);
  Result<std::string> read(std::size_t offset, std::size_t size) EXCLUDES(mutex_);
  /// EINVAL for a bad value, or bytes that do not continue what was written; EFBIG beyond
  /// kMaxValueBytes.
  Result<void> write(std::size_t offset, std::string_view bytes) EXCLUDES(mutex_);

 private:
  const ControlFile& file_;
  const ControlSource source_;
  const bool append_;
  Mutex mutex_;
  ControlText text_ GUARDED_BY(mutex_);
  std::string written_ GUARDED_BY(mutex_);
  bool begun_ GUARDED_BY(mutex_) = false;
};

}  // namespace commitfs::fs
