#pragma once

#include <filesystem>
#include <memory>

#include "meta/staging.h"

namespace commitfs {

/// Opens staging.db at `path`, making it when it is missing. WAL, synchronous=NORMAL (FULL for
/// Durability::now). Errors as open_sqlite_catalog.
Result<std::unique_ptr<Staging>> open_sqlite_staging(const std::filesystem::path& path);

}  // namespace commitfs
