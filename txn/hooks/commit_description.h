#pragma once

#include <span>
#include <string>
#include <string_view>

#include "meta/types.h"

namespace commitfs::hooks {

/// What a hook is told of a commit, as one JSON object and a newline.
///   schema     1; fields may be added, none is renamed, removed or given another meaning
///   hook       "pre-commit" or "post-commit"
///   version    seq_no, or null before the commit
///   term       as version
///   session, base, operation, message, metadata, token (or null), user {uid, name}, time (or null)
///   changes    at most kMaxChanges, by path: {kind: "A"|"M"|"D"|"R", path, old_path (of a rename),
///              directory: true (of one)}
///   omitted    how many changes there are beyond those
/// Bytes that are not UTF-8 are given as \xNN; see to_utf8.
std::string describe_commit(std::string_view hook, const VersionRecord& version,
                            std::span<const ChangeRecord> changes);

constexpr std::size_t kMaxChanges = 10'000;

}  // namespace commitfs::hooks
