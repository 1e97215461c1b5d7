#pragma once

#include <string>

#include "meta/catalog.h"

namespace commitfs {

/// One version of the log as an object of JSON on one line, without a newline: as `commitfs log
/// --json` prints it and `.commitfs/events` tells it. Names and messages that are not UTF-8 have
/// U+FFFD for what is not. Reads the version's tags, and asks the system's user database. Errors:
/// those of the catalog.
Result<std::string> format_version_json(CatalogReader& catalog, const VersionRecord& version);
/// What stands for a version that was removed before it was told: {"seq_no":41,"expired":true}.
std::string format_expired_json(SeqNo version);

}  // namespace commitfs
