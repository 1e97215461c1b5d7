#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "meta/types.h"
#include "txn/condition/condition.h"

namespace commitfs {

/// Why two writers cannot both have their way. The words of the conflict table.
enum class ConflictCategory : std::uint8_t {
  exists,
  update_update,
  update_delete,
  delete_update,
  delete_delete,
  rename_rename,
  parent_moved,
  parent_absent,
  directory_changed,
  not_empty,
  type,
  attribute,
  config,
  rewrite_write,
  replace_append,
  read_write,
  phantom,
};

/// All of them, in order.
std::span<const ConflictCategory> conflict_categories();
/// "EXISTS", "UPDATE_UPDATE", … "DIR_CHANGED" as users read it.
std::string_view to_string(ConflictCategory category);

/// One refusal: what of mine met what of whom.
struct Conflict {
  ConflictCategory category = ConflictCategory::update_update;
  std::string path;      ///< in my session
  std::string group;     ///< directory path and group name, joined by '/'
  std::string detail;    ///< an attribute's name, the other path of a rename; may be empty
  VersionRecord winner;  ///< the version that came first
};

/// What a refused commit, or a check, has to say. Immutable once made, so reading it is
/// thread-safe.
struct ConflictReport {
  static constexpr std::size_t kMaxInFull = 1000;

  std::string session;
  SeqNo base = SeqNo::none;
  SeqNo head = SeqNo::none;                          ///< the head it was validated against
  std::vector<Conflict> conflicts;                   ///< at most kMaxInFull, ordered by path
  std::uint64_t omitted = 0;                         ///< how many more there are
  std::map<ConflictCategory, std::uint64_t> counts;  ///< of all of them
  std::vector<std::string>
      notes;  ///< merges worth knowing: identical creates, merged directories, deletes that won
  std::vector<std::string> open_files;  ///< EBUSY: still open for writing
  std::string reason;  ///< one sentence when something else than a conflict refused it
  std::optional<condition::Refusal>
      condition;  ///< EPERM: the session's `require` is false; nothing else was looked at

  bool refused() const {
    return !conflicts.empty() || !open_files.empty() || !reason.empty() || condition.has_value();
  }
  /// For people: a summary line, then a block a conflict; names made harmless for a terminal. Ends
  /// with a newline.
  std::string to_text() const;
  /// For programs: a stable schema, see conflict.cc; ends with a newline.
  std::string to_json() const;
};

}  // namespace commitfs
