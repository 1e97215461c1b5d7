#pragma once

#include <chrono>
#include <filesystem>
#include <memory>

#include "meta/catalog.h"

namespace commitfs {

struct SqliteCatalogOptions {
  std::chrono::milliseconds lock_limit{
      5000};  ///< how long to wait for another writer before EAGAIN
};

/// Opens catalog.db at `path`, making and initialising it when it is missing or empty (no version
/// exists then: head() answers a record with seq_no none). WAL, synchronous=FULL. Errors: EPROTO
/// with a sentence when it is another program's database or one made by a newer version of this
/// program (application_id, user_version), EIO when it is damaged.
Result<std::unique_ptr<Catalog>> open_sqlite_catalog(const std::filesystem::path& path,
                                                     SqliteCatalogOptions options = {});

/// Opens an existing catalog.db for reading, beside whatever mount writes it: nothing is made or
/// migrated, and what would write answers EROFS. Errors as open_sqlite_catalog, and EPROTO with a
/// sentence when the catalog is one of an older version of this program.
Result<std::unique_ptr<Catalog>> open_sqlite_catalog_read_only(const std::filesystem::path& path,
                                                               SqliteCatalogOptions options = {});

/// True when the existing catalog.db at `path`, be it of an older version of this program, holds a
/// version. Writes nothing. Errors as open_sqlite_catalog.
Result<bool> sqlite_catalog_has_version(const std::filesystem::path& path,
                                        SqliteCatalogOptions options = {});

}  // namespace commitfs
