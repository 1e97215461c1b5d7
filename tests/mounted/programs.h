#pragma once

#include <string>

#include "tests/support/mount_fixture.h"

namespace commitfs::test {

/// Runs programs that know nothing of commitfs. Those that are not there are not tried.
class ProgramTest : public MountedTest {
 protected:
  bool missing(const std::string& program) { return sh("command -v " + program).exit_code != 0; }
};

#define SKIP_WITHOUT(program) \
  if (missing(program)) GTEST_SKIP() << program << " is not installed"

}  // namespace commitfs::test
