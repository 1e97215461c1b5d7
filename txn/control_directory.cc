#include "txn/control_directory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "meta/base/posix.h"
#include "meta/sqlite/sqlite_catalog.h"

namespace commitfs {
namespace {

namespace fs = std::filesystem;

constexpr char kMark[] = "adopting";
constexpr int kDirectoryFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;

Result<void> make_directory(int parent_fd, const std::string& name) {
  const auto made = posix::make_directory_at(parent_fd, name, 0700);
  if (!made && made.error().code != EEXIST) return made;
  return {};
}

Result<bool> exists(int directory_fd, const std::string& name) {
  const auto found = posix::stat_at(directory_fd, name);
  if (!found && found.error().code == ENOENT) return false;
  if (!found) return std::unexpected(found.error());
  return true;
}

Result<void> remove_tree(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error) return fail(error.value(), "remove " + path.string());
  return {};
}

/// True when no file is below `path`; empty directories do not count.
Result<bool> holds_no_file(const fs::path& path) {
  std::error_code error;
  fs::recursive_directory_iterator at(path, error);
  if (error.value() == ENOENT) return true;
  for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    if (!at->is_directory(error)) return false;
  }
  if (error) return fail(error.value(), "read " + path.string());
  return true;
}

}  // namespace

Result<ControlDirectory> ControlDirectory::make(const fs::path& table) {
  const UniqueFd root = TRY(posix::open_at(AT_FDCWD, table, O_RDONLY | O_DIRECTORY));
  const std::string name(kControlName);
  TRY(make_directory(root.get(), name));
  UniqueFd fd = TRY(posix::open_at(root.get(), name, kDirectoryFlags));
  if (::fchmod(fd.get(), 0700) != 0) return fail_errno("chmod " + (table / name).string());
  TRY(posix::sync_file(root.get()));
  return ControlDirectory(table / name, std::move(fd));
}

Result<ControlDirectory> ControlDirectory::open(const fs::path& table) {
  const UniqueFd root = TRY(posix::open_at(AT_FDCWD, table, O_RDONLY | O_DIRECTORY));
  auto fd = posix::open_at(root.get(), std::string(kControlName), kDirectoryFlags);
  if (!fd && fd.error().code == ENOENT) {
    return fail(ENOENT, table.string() +
                            " is not a table (it has no .commitfs; `commitfs init` makes it one)");
  }
  if (!fd) return std::unexpected(fd.error());
  return ControlDirectory(table / kControlName, *std::move(fd));
}

Result<bool> ControlDirectory::has_version() const {
  // Opening makes the file, so look first.
  if (!TRY(exists(fd_.get(), "catalog.db"))) return false;
  return sqlite_catalog_has_version(catalog());
}

Result<bool> ControlDirectory::is_marked() const {
  return exists(fd_.get(), kMark);
}

Result<void> ControlDirectory::clear_unfinished() const {
  if (!TRY(is_marked())) {
    (void)TRY(has_version());  // a catalog that cannot be read may be a table's
    if (!TRY(holds_no_file(objects()))) {
      return fail(EPROTO, path_.string() +
                              " holds file bodies, and its catalog no version: restore catalog.db");
    }
  }
  return remove_stores();
}

Result<void> ControlDirectory::remove_stores() const {
  TRY(remove_tree(objects()));
  for (const fs::path& database : {catalog(), staging()}) {
    for (const char* suffix : {"", "-wal", "-shm", "-journal"})
      TRY(remove_tree(database.string() + suffix));
  }
  return {};
}

Result<void> ControlDirectory::mark_unfinished() const {
  TRY(posix::open_at(fd_.get(), kMark, O_WRONLY | O_CREAT | O_NOFOLLOW, 0600));
  return posix::sync_file(fd_.get());
}

Result<void> ControlDirectory::unmark() const {
  const auto removed = posix::unlink_at(fd_.get(), kMark);
  // Not there: nothing to sync, as every mount but the first after an adoption finds it.
  if (!removed && removed.error().code == ENOENT) return {};
  TRY(removed);
  return posix::sync_file(fd_.get());
}

Result<void> ControlDirectory::make_layout() const {
  TRY(make_directory(fd_.get(), "objects"));
  TRY(make_directory(fd_.get(), "hooks"));
  TRY(make_directory(fd_.get(), "hooks/pre-commit.d"));
  TRY(make_directory(fd_.get(), "hooks/post-commit.d"));
  return {};
}

void ControlDirectory::remove_all(TableLock lock) const {
  // The mark goes last: while it is there a later adoption may remove what this one could not.
  if (!remove_stores() || !unmark()) return;
  for (const char* hooks : {"hooks/pre-commit.d", "hooks/post-commit.d", "hooks"}) {
    (void)posix::unlink_at(fd_.get(), hooks, AT_REMOVEDIR);
  }
  std::move(lock).remove(fd_.get());
  (void)posix::unlink_at(AT_FDCWD, path_, AT_REMOVEDIR);
}

}  // namespace commitfs
