#include "txn/check/offline_table.h"

#include <cerrno>

#include "meta/base/posix.h"
#include "meta/sqlite/sqlite_staging.h"

namespace commitfs {

Result<OfflineTable> OfflineTable::open(const std::filesystem::path& directory) {
  ControlDirectory control = TRY(ControlDirectory::open(directory));
  TableLock lock = TRY(TableLock::take(control.fd(), directory));
  if (!TRY(control.has_version())) {
    return fail(EPROTO, control.catalog().string() +
                            " has no version: `commitfs init` was not finished, run it again");
  }
  ObjectStore store = TRY(ObjectStore::open(control.objects()));
  auto staging = TRY(open_sqlite_staging(control.staging()));
  return OfflineTable(std::move(control), std::move(lock), std::move(store), std::move(staging));
}

Result<void> OfflineTable::sync_staging() const {
  return staging_->write({}, Durability::now);
}

}  // namespace commitfs
