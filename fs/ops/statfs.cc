#include "fs/mount_state.h"
#include "fs/ops.h"
#include "meta/name.h"

namespace commitfs::fs::ops {

/// The room is that of the file system the bodies are on.
void statfs(Request request, NodeId) {
  auto statistics = request.mount().store().statistics();
  if (statistics) statistics->f_namemax = kNameMaxBytes;
  request.statistics(statistics);
}

}  // namespace commitfs::fs::ops
