#pragma once

#include <string>

#include "txn/session.h"

namespace commitfs {

/// The version that a session began at is only ever taken away from it by force (past::Expiry).
/// From then on the session cannot be committed. It can be read as far as its base is left: what it
/// wrote itself, what later versions still have, and of directories what became of them. A name
/// that is not found, or a body, may have been there: ESTALE, and not ENOENT.

/// Whether the version `base` of an open session is gone. Asked of the catalog or of a transaction.
Result<bool> is_base_lost(CatalogReader& catalog, SeqNo base);
/// The same as far as it is known, for where a reading found nothing; free while no session of the
/// mount has lost its base.
bool has_lost_base(const SessionData& data);
/// The inode in the session's base. ESTALE when it is not there and the base is lost.
Result<std::optional<InodeRecord>> find_in_base(const SessionData& data, InodeId inode);
/// The session is about to lose its base: the names of what it changed, and of the directories they
/// are in, become its own. EROFS for one that takes no changes.
Result<void> keep_names(Session& session);
/// What is wrong with such a session, for its report.
std::string explain_lost_base(SeqNo base);

}  // namespace commitfs
