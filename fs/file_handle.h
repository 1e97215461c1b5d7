#pragma once

#include <memory>

#include "fs/control_content.h"
#include "fs/lease_hold.h"
#include "fs/node_table.h"

namespace commitfs::fs {

struct EventReader;

/// One open(2) of a file. Immutable but for a control file's content; thread-safe.
struct FileHandle {
  std::shared_ptr<Node> node;
  SharedBody::Use body;                     ///< of a file in a tree
  bool writer = false;                      ///< counted as a writer by the session
  uid_t uid = 0;                            ///< who opened it
  LeaseHold lease;                          ///< of the session whose tree it is in
  std::unique_ptr<ControlContent> control;  ///< of a control file
  std::shared_ptr<EventReader> events;      ///< of the one that tells versions as they come
};

}  // namespace commitfs::fs
