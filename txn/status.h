#pragma once

#include <string>
#include <string_view>

#include "txn/session.h"
#include "txn/table.h"

/// What the control files show. Each answers the whole file, newline-ended; a failure to read the
/// catalog or a body is told in the text (an `error` line or field), for a status file must always
/// be readable. All are thread-safe.
namespace commitfs {

/// "open", "freezing", "committed", "discarded".
std::string_view to_string(SessionState state);
/// The same, and "expired" for an open one that is.
std::string_view session_state_text(const Session& session);

/// `.commitfs/status` of a session, `key: value` lines: session, state, base, head (or version),
/// created, user, added, modified, deleted, renamed (paths), its settings, and while it is open:
/// age, unused (how long nobody used it, see txn/lease.h), expires or removed (in how long, where
/// the table has a session_ttl), held (open files and directories), damaged (bodies whose sync
/// failed), `open for writing` (a line each), last error, recovered (when the machine went down
/// meanwhile). Names as quote_name shows them; times in seconds.
std::string session_status_text(Session& session);

/// `.commitfs/diff` of a session: a path a line, `A\tpath`, `M\tpath`, `D\tpath`, `R\told -> new`,
/// ordered by path. Names with control characters, quotes, backslashes or bytes that are not UTF-8
/// are quoted as git does. Of a committed session: what its version did.
std::string session_diff_text(Session& session);

/// `.commitfs/status` of the table. JSON, schema 1; fields may be added:
///   schema, table (path), time (now),
///   head {seq_no, term, time}, term (of this mount),
///   sessions [{name, state, base, uid, age_s, unused_s, held}] by name; state also "expired",
///   counts {open_sessions, recovered_sessions, commits, unchanged, conflicts, refused} since the
///   mount, error (absent when there is none). Names that are not UTF-8 are escaped; their object
///   then has "escaped": true.
std::string table_status_json(Table& table);

// clang-format off
/// `.commitfs/metrics`: Prometheus text exposition, version 0.0.4. Counters are of this mount.
///   commitfs_head_seq_no, commitfs_term                     gauges
///   commitfs_open_sessions, commitfs_recovered_sessions     gauges
///   commitfs_expired_sessions_total, commitfs_reaped_sessions_total
///                                    sessions whose lease ended, and those removed for it
///   commitfs_commits_total{result=}  committed, unchanged, conflict, refused
///   commitfs_refusals_total{errno=}  commits that failed, by the name of their errno ("EBUSY")
///   commitfs_conflicts_total{category=}
///                                    conflicts that refused commits reported: several a commit
///   commitfs_commit_duration_seconds histogram, of commits that made a version: from the request
///                                    to the answer
///   commitfs_store_free_bytes        gauge
/// and those of the mount itself, commitfs_fuse_…
// clang-format on
std::string metrics_text(Table& table);

}  // namespace commitfs
