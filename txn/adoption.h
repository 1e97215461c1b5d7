#pragma once

#include <cstdint>

#include "meta/catalog.h"
#include "meta/object_store.h"

namespace commitfs {

struct AdoptionSummary {
  std::uint64_t files = 0;        ///< names of regular files
  std::uint64_t directories = 0;  ///< without the root
  std::uint64_t others = 0;       ///< symbolic links, FIFOs, sockets, devices
  std::uint64_t bytes = 0;        ///< of regular files, each counted once however many names it has
};

/// What is adopted, and where to.
struct AdoptionSource {
  int root_fd = -1;  ///< the directory; the control directory in it is left out
  InodeRecord root;  ///< its own attributes, read before the control directory was made
};

/// Makes version 1 of an empty catalog from a directory tree: every name, inode, attribute and hard
/// link of it (within the tree; names outside do not count). Regular files are linked into `store`
/// under new objects; no byte is read or written, no file of the user's changed. Symbolic links are
/// not followed. Files that go away meanwhile are left out.
///
/// One pass, one transaction; memory follows the number of directories waiting and of files with
/// several names. No changes are recorded for version 1, nor heads of groups and directories:
/// absent means none. Durable when it returns: the store before the catalog. When it fails the
/// catalog is as it was; the objects stay. Errors: EXDEV (something on another file system), EPERM
/// (a file that may not be linked: fs.protected_hardlinks), EMLINK, EAGAIN (a directory went away),
/// ENOSPC, EIO; the context names the path.
Result<AdoptionSummary> adopt_tree(Catalog& catalog, const ObjectStore& store,
                                   const AdoptionSource& source);

}  // namespace commitfs
