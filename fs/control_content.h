#pragma once

#include <string>
#include <string_view>

#include "fs/control.h"
#include "meta/base/mutex.h"

namespace commitfs::fs {

/// One open(2) of a control file: reads show it as it was when opened; each write sets the value at
/// once (but see ControlFile::check), and one that goes on where the last ended continues it.
/// Thread-safe; no lock is held while a value is set or checked. Writes must come one after the
/// other, as the kernel sends those of one open.
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
  bool is_taken_at_close() const { return file_.check != nullptr; }
  /// At close(2): sets the value that the writes since the last close made. Does nothing when there
  /// were none.
  Result<void> close() EXCLUDES(mutex_);

 private:
  bool adds() const { return append_ && file_.append != nullptr; }
  Result<void> set(std::string_view value) {
    return (adds() ? file_.append : file_.write)(source_, value);
  }
  /// What was written before, if `bytes` go on from there, and they.
  Result<std::string> continued(std::size_t offset, std::string_view bytes) const EXCLUDES(mutex_);

  const ControlFile& file_;
  const ControlSource source_;
  const bool append_;
  mutable Mutex mutex_;
  ControlText text_ GUARDED_BY(mutex_);
  std::string written_ GUARDED_BY(mutex_);
  bool begun_ GUARDED_BY(mutex_) = false;
  bool pending_ GUARDED_BY(mutex_) = false;  ///< checked, to be set at close
  bool refused_ GUARDED_BY(mutex_) = false;  ///< a check failed
};

}  // namespace commitfs::fs
