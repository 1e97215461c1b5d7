#pragma once

#include <string>
#include <tuple>

#include "tests/support/mount_fixture.h"

namespace commitfs::test {

/// One row of the conflict table: W commits first, then I try. Scripts run in the session's root.
struct ConflictCase {
  const char* name;      ///< the row and what it shows
  const char* setup;     ///< what both start from
  const char* winner;    ///< what W did
  const char* mine;      ///< what I do
  const char* category;  ///< a regular expression of categories, one of which must be reported; ""
                         ///< when both land
  const char* path;      ///< of one conflict reported; "" when both land
  const char* tree;      ///< the head afterwards: see brief_tree
  const char* probe = "";         ///< a script, run in live/ …
  const char* probe_output = "";  ///< … and what it must print
};
std::ostream& operator<<(std::ostream& stream, const ConflictCase& value);

class ConflictTable : public MountFixture,
                      public ::testing::WithParamInterface<std::tuple<IoMode, ConflictCase>> {
 protected:
  IoMode mode() const override { return std::get<IoMode>(GetParam()); }
  /// Plays a case and checks outcome, report and head; a refused session must be as it was.
  void play(const ConflictCase& row);
};

std::string conflict_case_name(
    const ::testing::TestParamInfo<std::tuple<IoMode, ConflictCase>>& info);

#define INSTANTIATE_CONFLICT_CASES(suite, cases)                                   \
  INSTANTIATE_TEST_SUITE_P(                                                        \
      Mounted, suite,                                                              \
      ::testing::Combine(::testing::Values(IoMode::passthrough, IoMode::ordinary), \
                         ::testing::ValuesIn(cases)),                              \
      conflict_case_name)

}  // namespace commitfs::test
