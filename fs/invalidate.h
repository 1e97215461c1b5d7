#pragma once

#include <set>
#include <span>

#include "fs/kernel_caches.h"
#include "fs/view.h"
#include "txn/commit.h"

namespace commitfs::fs {

/// Makes live/ fresh after a commit: the kernel drops every name, listing and attribute that the
/// version changed and the kernel knows. What it does not know costs a table look-up and no more.
/// Runs on whichever thread commits, before the commit is answered: when `mv` returns, live/ shows
/// the new version. Holds no lock while it notifies.
class LiveInvalidator {
 public:
  LiveInvalidator(NodeTable& nodes, const View& live, KernelCaches& kernel)
      : nodes_(nodes), live_(live), kernel_(kernel) {}

  void publish(const Publication& publication);

 private:
  void drop_entry(const DirentKey& key);
  /// Answers the directories whose listing the kernel had.
  std::set<InodeId> drop_listings(std::span<const DirentKey> changed);

  NodeTable& nodes_;
  const View& live_;
  KernelCaches& kernel_;
};

}  // namespace commitfs::fs
