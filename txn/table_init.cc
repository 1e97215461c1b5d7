#include <fcntl.h>

#include <cerrno>

#include "meta/base/posix.h"
#include "meta/sqlite/sqlite_catalog.h"
#include "meta/sqlite/sqlite_staging.h"
#include "txn/control_directory.h"
#include "txn/file_attributes.h"
#include "txn/table.h"

namespace commitfs {
namespace {

Result<AdoptionSummary> build(const ControlDirectory& control, const AdoptionSource& source) {
  TRY(control.make_layout());
  const ObjectStore store = TRY(ObjectStore::open(control.objects()));
  TRY(open_sqlite_staging(control.staging()));
  const auto catalog = TRY(open_sqlite_catalog(control.catalog()));
  return adopt_tree(*catalog, store, source);
}

}  // namespace

bool Table::is_table(const std::filesystem::path& directory) {
  const auto control = ControlDirectory::open(directory);
  return control && control->has_version().value_or(false);
}

Result<AdoptionSummary> Table::init(const std::filesystem::path& directory) {
  const UniqueFd root = TRY(posix::open_at(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY));
  for (const auto& part : std::filesystem::absolute(directory).lexically_normal()) {
    if (part == kControlName) {
      return fail(EINVAL, directory.string() + " lies in a table: a table in a table cannot be");
    }
  }
  const std::string is_one_already = directory.string() + " is a table already";
  if (is_table(directory)) return fail(EEXIST, is_one_already);
  // Before .commitfs is made: that changes the directory's times.
  const AdoptionSource source{.root_fd = root.get(),
                              .root = TRY(read_attributes(root.get(), ".")).inode};

  const ControlDirectory control = TRY(ControlDirectory::make(directory));
  TableLock lock = TRY(TableLock::take(control.fd(), directory));
  // Another init may have finished in between.
  if (control.has_version().value_or(false)) return fail(EEXIST, is_one_already);
  TRY(control.clear_unfinished());
  TRY(control.mark_unfinished());
  auto summary = build(control, source);
  if (!summary) {
    control.remove_all(std::move(lock));
    return summary;
  }
  TRY(control.unmark());
  return summary;
}

}  // namespace commitfs
