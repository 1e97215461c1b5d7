#pragma once

#include <cstddef>
#include <functional>

#include "meta/base/error.h"

namespace commitfs {

/// Calls `work(index)` for each index below `count`, on at most `threads` threads, this one among
/// them; for work that waits. Where no further thread can be had, fewer do it. After a failure no
/// further index is begun. All threads have ended when it returns. Answers the error of the
/// smallest index that failed; what the standard library throws is ENOMEM or EIO.
Result<void> for_each_in_parallel(std::size_t count, std::size_t threads,
                                  const std::function<Result<void>(std::size_t index)>& work);

}  // namespace commitfs
