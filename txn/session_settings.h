#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "meta/base/error.h"
#include "meta/types.h"

namespace commitfs {

/// What a session depends on: what it wrote, or also what it read. Ordered by strength.
enum class Isolation : std::uint8_t { snapshot, serializable };

/// What a session does to the data: writers change it, a rewrite only lays it out anew, a restore
/// goes back to an older version (nobody asks for that word: see txn/past/restore.h).
enum class Operation : std::uint8_t { write, rewrite, restore };

/// When a session learns that a later commit has a group already.
enum class EarlyDetection : std::uint8_t { off, warn, fail };

/// What was asked of a session besides its message, token and metadata. A plain value.
struct SessionSettings {
  Isolation isolation = Isolation::snapshot;
  Operation operation = Operation::write;
  EarlyDetection early = EarlyDetection::off;
  /// The condition on the head as it was written; empty when there is none. May hold any bytes.
  std::string require;
  /// Directories replaced as a whole (row 25 of the conflict table): paths in the session without
  /// '/' at either end, "." for its root, as written and each once. May hold any bytes but NUL and
  /// newline; need not exist.
  std::vector<std::string> replace;
  /// The version whose bodies the session names without having staged them: it must stay.
  SeqNo keeps = SeqNo::none;
  /// Takes no changes until it is thawed; can be committed.
  bool frozen = false;
  /// Nobody used it for too long (txn/lease.h): takes no changes any more and cannot be committed.
  bool expired = false;

  bool operator==(const SessionSettings&) const = default;
};

// The words of the control files, and back. EINVAL for any other word.
std::string_view to_string(Isolation isolation);
std::string_view to_string(Operation operation);
std::string_view to_string(EarlyDetection early);
Result<Isolation> parse_isolation(std::string_view word);
Result<Operation> parse_operation(std::string_view word);  ///< one that may be asked for
Result<EarlyDetection> parse_early_detection(std::string_view word);

constexpr std::size_t kReplaceMaxBytes = 64 * 1024;
/// One path a line; a '/' at its end, and empty lines, say nothing. EINVAL for an absolute path,
/// one with `.`, `..` or an empty component, or a component of more than 255 bytes; E2BIG beyond
/// kReplaceMaxBytes.
Result<std::vector<std::string>> parse_replace(std::string_view lines);

/// The settings as JSON for `StagedSession::extra`. Defaults are left out; keys of `previous` that
/// are not ours are kept. `previous` is "" or was read by `settings_from_json`.
std::string settings_to_json(const SessionSettings& settings, std::string_view previous);
/// EBADMSG, with what is wrong in its context, when `extra` is damaged. "" are the defaults;
/// unknown keys are ignored.
Result<SessionSettings> settings_from_json(std::string_view extra);

}  // namespace commitfs
