#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "meta/catalog.h"

namespace commitfs {

/// The version that `text` names, an empty optional when it names none:
///   41                      that version
///   latest, previous        the head, the version before it
///   2026-11-20T18:00:00Z    the newest version of then; see parse_time. A time that is still to
///   come names none:
///                           what it stands for would change with the next commit.
///   any other               the version that has this tag
/// Errors: those of the catalog. Thread-safe.
Result<std::optional<SeqNo>> resolve_version(CatalogReader& catalog, std::string_view text);

/// The version a name in snapshots/ is the number of, written as we write it: "7", not "007".
std::optional<SeqNo> parse_version_number(std::string_view name);

/// "2026-11-20T18:00:00.000000000Z". Sorts as the times do. Thread-safe.
std::string format_time(TimeNs time_ns);

/// An instant as RFC 3339 writes it: `YYYY-MM-DDTHH:MM:SS`, a fraction of 1 to 9 digits or none,
/// then `Z` or an offset from UTC (`+05:30`). Letters may be small. Empty when it is anything else,
/// a day or hour that does not exist, or outside of what nanoseconds can say (1678 to 2261). A leap
/// second (:60) is the second after it. Thread-safe.
std::optional<TimeNs> parse_time(std::string_view text);

}  // namespace commitfs
