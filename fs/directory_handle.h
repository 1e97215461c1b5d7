#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "fs/fixed_node.h"
#include "fs/lease_hold.h"
#include "fs/node_table.h"

namespace commitfs::fs {

/// One name as readdir gives it. `found` is set for what is in a tree, as of this call.
struct DirectoryItem {
  std::string name;
  mode_t type = 0;
  ino_t number = 0;
  off_t next = 0;  ///< the offset that goes on after it
  std::optional<Attributes> found;
};

/// One opendir(2). Offsets count the names given so far, so that telldir and seekdir work and no
/// name comes twice while others come and go; offset 0 begins anew. Attributes are never kept
/// between calls: the kernel may believe those of this moment only. Thread-safe.
class DirectoryHandle {
 public:
  /// False when there is no room for the item, which is then asked for again by the next call.
  using Take = std::function<bool(const DirectoryItem&)>;

  explicit DirectoryHandle(std::shared_ptr<Node> node);

  const std::shared_ptr<Node>& node() const { return node_; }
  /// The kernel may keep the names it is given: it sees each change of them, or is told.
  bool may_be_cached() const { return node_->fixed == nullptr && !node_->view->uncached(); }
  /// It may have kept some when this was opened, and they are good still.
  bool is_cached() const { return cached_; }
  /// Opening a directory says nothing of its names, reading it does: the session's read set, and
  /// that the kernel has a listing from now on.
  void note_listing() const;
  /// Gives the names from `offset` on to `take` until it wants no more. `expected` is about how
  /// many fit.
  Result<void> read(off_t offset, std::size_t expected, const Take& take) EXCLUDES(mutex_);

 private:
  static constexpr off_t kDots = 2;  ///< "." and ".." come first

  Result<bool> give_dots(off_t& offset, const Take& take) REQUIRES(mutex_);
  Result<bool> give_again(off_t& offset, const Take& take) REQUIRES(mutex_);
  Result<void> give_new(std::size_t expected, const Take& take) REQUIRES(mutex_);
  Result<void> give_fixed(off_t offset, const Take& take) REQUIRES(mutex_);

  const std::shared_ptr<Node> node_;
  const LeaseHold lease_;
  const std::uint64_t epoch_;  ///< taken before anything is read, so that it is never too young
  const bool cached_;
  Mutex mutex_;
  std::vector<std::string> given_ GUARDED_BY(mutex_);  ///< of a tree's directory
  std::vector<FixedName> fixed_ GUARDED_BY(mutex_);    ///< of a fixed one: all, listed at offset 0
};

}  // namespace commitfs::fs
