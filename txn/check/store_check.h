#pragma once

#include <cstdint>
#include <functional>

#include "txn/check/offline_table.h"
#include "txn/check/table_check.h"

namespace commitfs {

/// The catalog and the staged sessions against the store, both ways; with `data` each committed
/// body against its checksum. Counts bodies, checksums, and what only reading finds, in `summary`.
/// What is wrong with one body keeps it from no other. Memory: one shard directory. Errors: EIO of
/// the databases or of a directory, ENOSPC (temporary files, checksums).
Result<void> check_store(const OfflineTable& table, bool data, CheckSummary& summary,
                         const std::function<void(const Finding&)>& found,
                         const std::function<void(std::uint64_t, std::uint64_t)>& progress);

}  // namespace commitfs
