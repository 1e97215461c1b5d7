#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/txn_table.h"

namespace commitfs::testing {

using Work = std::function<void(Writer&)>;
using Category = ConflictCategory;

/// One row of the conflict table: what another session committed, what I do, what comes of it.
struct Row {
  std::string name;
  Work before;  ///< what the base holds
  Work they;    ///< what lands first
  Work me;
  std::vector<std::pair<std::string, Category>> conflicts;  ///< by path; none: both land
  Contents after;                                           ///< the head when all is done
};

void PrintTo(const Row& row, std::ostream* out);

/// What most rows begin with.
void files(Writer& w);
inline const Contents kFiles{{"d", "/"}, {"d/f", "base"}, {"g", "base g"}};

Contents with(Contents contents, const Contents& more);
Contents without(Contents contents, const std::string& path);

/// Plays the row on the in-memory catalog and expects it to end so.
void expect_row(const Row& row);

}  // namespace commitfs::testing
