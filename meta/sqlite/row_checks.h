#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "meta/base/error.h"
#include "meta/types.h"

namespace commitfs::sqlite {

/// One thing that is wrong with rows, found by one rule.
struct RowFinding {
  std::string_view rule;  ///< "wrong-link-count"
  std::string text;       ///< what and where, for people; may hold any bytes
  bool repairable = false;
};

/// What SQLite itself says of both files; nothing when they are whole. Reads all of both. Errors as
/// Connection; EIO also for damage that stops the check.
Result<void> check_integrity(const std::filesystem::path& catalog,
                             const std::filesystem::path& staging,
                             const std::function<void(std::string)>& visit);

/// Holds every rule of row_rules.h against the rows of catalog and staging. At most `limit`
/// findings of one rule are given to `visit`. `progress` hears the number of rules done, and of
/// all. Writes nothing. Memory: SQLite's cache; what is sorted goes to temporary files. Errors as
/// Connection.
Result<void> check_rows(const std::filesystem::path& catalog, const std::filesystem::path& staging,
                        std::size_t limit, const std::function<void(const RowFinding&)>& visit,
                        const std::function<void(std::size_t, std::size_t)>& progress);

/// Mends all that the rules can mend, in one transaction. Only what loses nothing: see row_rules.h.
/// Durable when it returns. Errors as Connection; nothing was changed then, or, after EIO, all may
/// have been.
Result<void> repair_rows(const std::filesystem::path& catalog);

/// Notes the checksums of committed bodies. Durable when it returns. Errors as Connection.
Result<void> note_checksums(const std::filesystem::path& catalog,
                            std::span<const std::pair<ObjectId, std::string>> checksums);

}  // namespace commitfs::sqlite
