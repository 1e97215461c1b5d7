#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "meta/sqlite/database.h"
#include "meta/types.h"

namespace commitfs::sqlite {

/// A body that a version, the past, the list of committed bodies, or a staged session names.
struct NamedObject {
  ObjectId id = ObjectId::none;
  bool in_tree = false;                    ///< an inode of a version has it
  bool is_staged = false;                  ///< an inode of an open session has it
  bool is_needed = false;                  ///< a version, or a session whose base is there
  bool is_listed = false;                  ///< it is in the list of committed bodies
  std::uint64_t size_bytes = 0;            ///< when it is listed
  std::string checksum;                    ///< when it is listed and known
  std::optional<TimeNs> adopted_mtime_ns;  ///< of a file that version 1 adopted
};

/// All bodies that are named, by id, each once; as of the first call of `next`. Needs memory for
/// none of them: what has to be sorted goes to temporary files. Used by one thread.
class NamedObjects {
 public:
  /// Both files must exist and be of this version of the program. Errors as Connection.
  static Result<NamedObjects> open(const std::filesystem::path& catalog,
                                   const std::filesystem::path& staging);
  /// The next one; nothing after the last. Errors as Connection.
  Result<std::optional<NamedObject>> next();

 private:
  NamedObjects(std::unique_ptr<Connection> connection, Use rows)
      : connection_(std::move(connection)), rows_(std::move(rows)) {}

  std::unique_ptr<Connection> connection_;
  Use rows_;  ///< ends before its connection
};

/// Opens the catalog with the staging journal beside it, as the schema `staging`. It cannot be
/// written to unless it is told so. Errors as Connection.
Result<std::unique_ptr<Connection>> open_both(const std::filesystem::path& catalog,
                                              const std::filesystem::path& staging);

}  // namespace commitfs::sqlite
