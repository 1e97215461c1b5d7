#pragma once

#include <filesystem>
#include <memory>

#include "meta/object_store.h"
#include "meta/staging.h"
#include "txn/control_directory.h"
#include "txn/table_lock.h"

namespace commitfs {

/// A table that nobody has mounted, held so by its lock for as long as this lives. Its sessions
/// stay in staging as they are.
class OfflineTable {
 public:
  /// Errors: EBUSY with a sentence (mounted), ENOENT (no table), EPROTO (an adoption is unfinished;
  /// a catalog that is not ours), EIO.
  static Result<OfflineTable> open(const std::filesystem::path& directory);

  const ControlDirectory& control() const { return control_; }
  const ObjectStore& store() const { return store_; }
  TimeNs now_ns() const { return system_clock().now_ns(); }
  /// What staging has forgotten survives power loss when it returns. Errors: ENOSPC, EIO.
  Result<void> sync_staging() const;

 private:
  OfflineTable(ControlDirectory control, TableLock lock, ObjectStore store,
               std::unique_ptr<Staging> staging)
      : control_(std::move(control)),
        lock_(std::move(lock)),
        store_(std::move(store)),
        staging_(std::move(staging)) {}

  ControlDirectory control_;
  TableLock lock_;
  ObjectStore store_;
  std::unique_ptr<Staging> staging_;
};

}  // namespace commitfs
