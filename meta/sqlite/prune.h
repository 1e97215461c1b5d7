#pragma once

#include "meta/sqlite/database.h"
#include "meta/types.h"

namespace commitfs::sqlite {

/// CatalogTransaction::prune on a connection that is in a transaction. One table of the past a
/// call, the records of changes last.
Result<std::size_t> prune(Connection& connection, PruneCursor& cursor, std::size_t limit);

}  // namespace commitfs::sqlite
