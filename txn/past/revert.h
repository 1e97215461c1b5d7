#pragma once

#include "txn/session_manager.h"

namespace commitfs::past {

/// Puts the inverse of what `version` did into a session that has changed nothing, over whatever
/// came since. ECANCELED, with the paths in the session's report and nothing staged, where the base
/// has something else than the version left there. ENOENT (it, or the version before it, is not
/// there), EBUSY (the session has changes), EROFS (it is not open); those of the catalog.
Result<void> revert_version(SessionManager& sessions, Session& session, SeqNo version);

}  // namespace commitfs::past
