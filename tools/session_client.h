#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "meta/base/error.h"
#include "meta/base/unique_fd.h"

namespace commitfs {

/// How a commit asked for through the mount ended.
struct CommitAnswer {
  int error = 0;  ///< 0, or the errno of the refusal
  std::uint64_t version = 0;
  bool made_version = false;
};

/// A session as a program sees it: its directory, held open. It stays the same session when it is
/// committed, renamed or discarded. Errors come as sentences. Calls may run side by side.
class SessionClient {
 public:
  /// ENOENT, ENOTDIR, EACCES.
  static Result<SessionClient> open(const std::filesystem::path& directory);

  const std::filesystem::path& path() const { return path_; }
  /// The last part of the path it was opened by, "." resolved.
  std::string name() const { return path_.filename().native(); }

  /// Writes a value to `.commitfs/CONTROL`. EINVAL for what the mount does not take, EPERM for a
  /// control it does not have.
  Result<void> set(const std::string& control, std::string_view value) const;
  /// Through the ioctl on the directory: waits as long as it takes. An Error says that it never got
  /// to a commit: ENOTTY with a sentence when this is no session.
  Result<CommitAnswer> commit() const;
  /// The text of `.commitfs/FILE`; empty when there is none.
  std::string read(const std::string& file) const;

 private:
  SessionClient(std::filesystem::path path, UniqueFd directory)
      : path_(std::move(path)), directory_(std::move(directory)) {}

  std::filesystem::path path_;
  UniqueFd directory_;
};

/// True for an errno after which `.commitfs/conflicts` tells of this very commit.
bool has_report(int error);

}  // namespace commitfs
