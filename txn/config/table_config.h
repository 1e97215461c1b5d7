#pragma once

#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

#include "txn/config/glob.h"
#include "txn/file_group.h"
#include "txn/session_settings.h"

namespace commitfs {

// clang-format off
/// The configuration of a table, ready for use. Users write it as text, a `KEY = VALUE` a line;
/// ConfigText says how.
///
/// | key                   | value                     | default    | what it decides
/// |-----------------------|---------------------------|------------|-----------------------------
/// | `isolation` *         | `snapshot`|`serializable` | `snapshot` | of new sessions, and the
/// |                       |                           |            | least a session may have
/// | `group` *             | a rule, see GroupRule     | `path`     | which names are one file
/// |                       |                           |            | group, where no line below
/// |                       |                           |            | matches the directory
/// | `group PATTERN` *     | a rule                    |            | the same in directories that
/// |                       |                           |            | match: Glob::for_directories;
/// |                       |                           |            | the first line that does
/// | `identical`           | `merge`|`conflict`        | `merge`    | two sessions gave one name
/// |                       |                           |            | the same bytes: both land, or
/// |                       |                           |            | the second is refused
/// | `empty`               | `skip`|`record`           | `skip`     | a commit of a session that
/// |                       |                           |            | changed nothing makes no
/// |                       |                           |            | version, or makes one
/// | `prefer_writer`       | `off`|`on`                | `off`      | a rewrite waits (EAGAIN)
/// |                       |                           |            | while an open session has
/// |                       |                           |            | changed what it rewrites
/// | `ignore`              | patterns between commas   |            | files whose names match
/// |                       |                           |            | (Glob::for_names) never
/// |                       |                           |            | conflict: the later stays
/// | `session_ttl`         | `never`|a number and `s`, | `never`    | a session that nobody used
/// |                       | `m`, `h` or `d`           |            | for so long expires; see
/// |                       |                           |            | SessionManager::sweep_leases
/// | `keep_last`           | `all`|1 to 10^12          | `all`      | older versions than so many
/// |                       |                           |            | expire, see Expiry; with
/// |                       |                           |            | keep_for only those it lets
/// | `keep_for`            | `forever`|a time as above | `forever`  | versions expire that have not
/// |                       |                           |            | been the head for so long
/// | `commit.open_wait_ms` | 0 to 600000               | as mounted | how long a commit waits for
/// |                       |                           |            | handles closed just now
///
/// Keys marked * decide whether a commit is valid: when one changes, every session that began
/// before is refused with CONFIG (row 35 of the conflict table).
// clang-format on
struct TableConfig {
  Isolation isolation = Isolation::snapshot;
  GroupRules groups;
  bool identical_conflicts = false;
  bool record_empty = false;
  bool prefer_writer = false;
  std::vector<Glob> ignored;
  std::optional<std::chrono::milliseconds> open_wait;
  std::optional<std::chrono::seconds> session_ttl;  ///< none: never
  std::optional<std::uint64_t> keep_last;           ///< none: all
  std::optional<std::chrono::seconds> keep_for;     ///< none: forever
  /// The version that last changed a key marked *; none when none did.
  SeqNo validity_seq_no = SeqNo::none;

  bool ignores(std::string_view name) const {
    for (const Glob& pattern : ignored) {
      if (pattern.matches(name)) return true;
    }
    return false;
  }
};

}  // namespace commitfs
