#pragma once

#include <string>
#include <vector>

#include "txn/past/difference.h"
#include "txn/session.h"

namespace commitfs::past {

/// Stages in a session, whose base is `difference.from`, what makes its tree equal to
/// `difference.to`, times included. No body is copied or staged: the versions share them. An inode
/// that is gone from the base comes back under a new number. Cost: O(difference). Errors: EROFS
/// unless the session is open, those of the catalog.
Result<void> stage_restore(Session& session, const Difference& difference);

/// Stages in a session the inverse of what version `difference.from` did (`difference.to` is the
/// one before it), on whatever base the session has. Nothing is staged, and the paths are answered,
/// where the base has something else than that version left there: at most 100. Times stay.
/// Errors as stage_restore.
Result<std::vector<std::string>> stage_inverse(Session& session, const Difference& difference);

}  // namespace commitfs::past
