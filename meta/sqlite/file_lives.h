#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "meta/sqlite/database.h"
#include "meta/types.h"

namespace commitfs::sqlite {

/// A regular file as it was in all versions from `since` on that come before `until`; kNewest for
/// what it is still.
struct FileLife {
  ObjectId object = ObjectId::none;  ///< none: an empty file
  std::uint64_t size_bytes = 0;
  SeqNo since = SeqNo::none;
  SeqNo until = SeqNo::none;
};

/// Everything that files were and are, by body, and the versions that there are, of one moment.
/// Needs memory for the versions' numbers only: what has to be sorted goes to temporary files. Used
/// by one thread.
class FileLives {
 public:
  /// The file must exist and be of this version of the program. Errors as Connection.
  static Result<FileLives> open(const std::filesystem::path& catalog);

  /// Oldest first.
  const std::vector<SeqNo>& versions() const { return versions_; }
  /// The next one; nothing after the last. Errors as Connection.
  Result<std::optional<FileLife>> next();

 private:
  FileLives(std::unique_ptr<Connection> connection, std::vector<SeqNo> versions, Use rows)
      : connection_(std::move(connection)),
        versions_(std::move(versions)),
        rows_(std::move(rows)) {}

  std::unique_ptr<Connection> connection_;
  std::vector<SeqNo> versions_;
  Use rows_;  ///< ends before its connection
};

}  // namespace commitfs::sqlite
