#pragma once

#include <memory>

#include "meta/object_store.h"

namespace commitfs {

class Session;

/// True for an error of a sync after which bytes may be gone: the system drops what it could not
/// write and says so only once. False for what says nothing of the bytes: a body that was removed
/// meanwhile, a want of descriptors or memory.
bool means_lost_bytes(int error);

/// Makes staged bodies durable in the background, soon after their last writer closed them, so that
/// a commit finds little left to sync. One thread; takes all that is queued as one batch. A failure
/// is left to the commit, which seals again and reports it. Thread-safe.
class Sealer {
 public:
  explicit Sealer(std::shared_ptr<ObjectStore> store);
  ~Sealer();  ///< as stop
  /// Drops what is queued and ends the thread; later requests are ignored. Sessions own their
  /// Sealer together, and its thread holds sessions while it syncs: stopped before the table lets
  /// go of it, it is never destroyed by itself.
  void stop();

  void enqueue(std::weak_ptr<Session> session, InodeId inode, ObjectId object);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace commitfs
