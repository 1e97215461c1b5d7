#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>

#include "meta/base/error.h"
#include "meta/sqlite/database.h"

namespace commitfs::sqlite {

/// What makes a file ours and how to bring it up to date.
struct Schema {
  std::string_view what;  ///< for messages: "catalog"
  std::int32_t application_id;
  std::span<const Sql> migrations;  ///< user_version is how many of them the file has seen
  Sql set_identity;  ///< sets application_id, and user_version to the number of migrations
};

const Schema& catalog_schema();
const Schema& staging_schema();

/// How long a connection waits for another process's lock.
inline constexpr std::chrono::milliseconds kLockLimit{5000};

enum class Synchronous { normal, full };

/// Opens the file for writing, makes or migrates the schema. A file that is another program's, or a
/// newer version's of this one, is left as it was. Errors: EPROTO with a sentence for those, and as
/// Connection.
Result<std::unique_ptr<Connection>> open_writer(const std::filesystem::path& path,
                                                const Schema& schema, Synchronous synchronous,
                                                std::chrono::milliseconds lock_limit);

/// How many of the migrations the file has seen, 0 for an empty one. Writes nothing, but makes the
/// file if it is missing. Errors as open_writer.
Result<std::size_t> schema_version(const std::filesystem::path& path, const Schema& schema,
                                   std::chrono::milliseconds lock_limit);

/// One more connection, which cannot write, to a file that open_writer has seen.
Result<std::unique_ptr<Connection>> open_reader(const std::filesystem::path& path,
                                                std::chrono::milliseconds lock_limit);

/// Not inside a transaction. Errors as Connection.
Result<void> set_synchronous(Connection& connection, Synchronous synchronous);

}  // namespace commitfs::sqlite
