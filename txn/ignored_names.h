#pragma once

#include <vector>

#include "txn/delta.h"
#include "txn/validator.h"

namespace commitfs {

/// The delta as if its session had found under each of `names` what the head has there: so that
/// applying it lays my file over theirs. `head` is the transaction it will be applied in.
/// Errors: EIO, EAGAIN.
Result<Delta> over_ignored_names(Delta delta, const std::vector<IgnoredName>& names,
                                 CatalogReader& head);

}  // namespace commitfs
