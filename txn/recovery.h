#pragma once

#include <memory>
#include <vector>

#include "meta/staging.h"
#include "txn/session.h"

namespace commitfs {

/// The sessions that a mount before this one left open, by id, as staging tells them. Those that
/// turn out to be committed are dropped from staging (lazily: doing it again is harmless). One
/// whose base version is not in the catalog, or whose settings cannot be read, is left out (the log
/// says why), and left alone. No object is removed. Errors: EIO, EAGAIN, ENOSPC.
Result<std::vector<std::shared_ptr<Session>>> recover_sessions(const TableContext& context,
                                                               Staging& staging);

}  // namespace commitfs
