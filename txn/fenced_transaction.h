#pragma once

#include <memory>

#include "txn/session_data.h"

namespace commitfs {

/// A transaction of the table's catalog, of a mount that may still write to it: the term is read
/// inside. Errors: EROFS when another mount has taken over; those of Catalog::begin.
Result<std::unique_ptr<CatalogTransaction>> begin_fenced(const TableContext& context);

}  // namespace commitfs
