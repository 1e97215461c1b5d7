#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "meta/base/error.h"

namespace commitfs::fault {

/// A named place where a test may stop, fail or kill the program. Costs one relaxed atomic load
/// when no test is listening.
///
/// In a process: `set_handler` installs a function that may block (a barrier), or return an error
/// to inject. From outside: the environment variable COMMITFS_FAULTS, read once at start, holds a
/// comma-separated list of
///   point=kill             raises SIGKILL when the point is reached
///   point=errno:N          the point returns error N; point=throw: it throws std::bad_alloc
///   point=wait:PATH        creates PATH.reached, then waits until PATH.go exists
/// each optionally followed by @K: only the K-th time (from 1) the point is reached.
Result<void> point(std::string_view name);

using Handler = std::function<Result<void>(std::string_view name)>;
/// Replaces the handler; an empty one removes it. Thread-safe.
void set_handler(Handler handler);

}  // namespace commitfs::fault
