#pragma once

#include <string>

#include "txn/session.h"

namespace commitfs::test {

/// All of a session's change set that must outlive the daemon, a line a key: for comparison.
std::string describe(Session& session);

}  // namespace commitfs::test
