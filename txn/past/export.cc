#include "txn/past/export.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <map>

#include "meta/base/posix.h"
#include "meta/copy_body.h"
#include "txn/file_time.h"

namespace commitfs::past {
namespace {

constexpr std::size_t kPage = 1000;

/// By which other things of the process can be named, whatever its path: links to it and xattrs of
/// what cannot be opened.
std::string path_of(int fd) {
  return "/proc/self/fd/" + std::to_string(fd);
}

class Exporter {
 public:
  Exporter(CatalogReader& catalog, const ObjectStore& store, SeqNo version, ExportBodies bodies,
           const UniqueFd& target, const std::function<void(const ExportSummary&)>& progress)
      : catalog_(catalog),
        store_(store),
        version_(version),
        bodies_(bodies),
        target_(target),
        progress_(progress) {}

  Result<ExportSummary> run() {
    const auto root = TRY(catalog_.find_inode(version_, InodeId::root));
    if (!root) return fail(ENOENT, "export a version that is not there");
    TRY(write_entries(*root, target_, ""));
    TRY(set_attributes(*root, target_.get(), "."));
    TRY(posix::sync_file_system(target_.get()));
    return summary_;
  }

 private:
  /// What is in a directory, which is there already. Its own attributes come last: each entry
  /// changes its times, and its mode may forbid to write to it.
  Result<void> write_entries(const InodeRecord& directory, const UniqueFd& fd,
                             const std::string& path) {
    std::string after;
    for (std::size_t got = kPage; got == kPage;) {
      const auto page = TRY(catalog_.list(version_, directory.id, after, kPage));
      for (const ListedDirent& entry : page)
        TRY(write_entry(entry, fd, path.empty() ? entry.name : path + '/' + entry.name));
      if (!page.empty()) after = page.back().name;
      got = page.size();
    }
    return {};
  }

  Result<void> write_entry(const ListedDirent& entry, const UniqueFd& parent,
                           const std::string& path) {
    const InodeRecord& inode = entry.inode;
    if (!inode.is_directory() && inode.nlink > 1) {
      if (const auto first = linked_.find(inode.id); first != linked_.end()) {
        ++summary_.files;
        return posix::link_at(target_.get(), first->second, parent.get(), entry.name);
      }
    }
    if (inode.is_directory()) {
      TRY(posix::make_directory_at(parent.get(), entry.name, 0700));
      const UniqueFd fd =
          TRY(posix::open_at(parent.get(), entry.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
      ++summary_.directories;
      TRY(write_entries(inode, fd, path));
    } else {
      TRY(write_file(inode, parent, entry.name));
      if (inode.nlink > 1) linked_.emplace(inode.id, path);
      ++summary_.files;
      summary_.bytes += inode.size_bytes;
      progress_(summary_);
    }
    return set_attributes(inode, parent.get(), entry.name);
  }

  Result<void> write_file(const InodeRecord& inode, const UniqueFd& parent,
                          const std::string& name) {
    if (S_ISLNK(inode.mode)) {
      if (::symlinkat(inode.symlink_target.c_str(), parent.get(), name.c_str()) != 0)
        return fail_errno("symlink");
      return {};
    }
    if (!inode.is_regular()) {
      const mode_t type = inode.mode & S_IFMT;
      if (::mknodat(parent.get(), name.c_str(), type | 0600, inode.rdev) == 0) return {};
      if (errno != EPERM) return fail_errno("mknod");
      ++summary_.left_out;
      return {};
    }
    if (inode.object != ObjectId::none && bodies_ == ExportBodies::linked) {
      const UniqueFd body = TRY(store_.open_body(inode.object, O_RDONLY));
      if (::linkat(AT_FDCWD, path_of(body.get()).c_str(), parent.get(), name.c_str(),
                   AT_SYMLINK_FOLLOW) != 0)
        return fail_errno("link");
      return {};
    }
    const UniqueFd file =
        TRY(posix::open_at(parent.get(), name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
    if (inode.object == ObjectId::none) return {};
    const UniqueFd body = TRY(store_.open_body(inode.object, O_RDONLY));
    return copy_body(body.get(), file.get());
  }

  /// What a bad file system or an ordinary user cannot have is left out and counted.
  template <typename Call>
  Result<void> try_attribute(const char* what, Call call) {
    if (call() == 0) return {};
    const bool refused = errno == EPERM || errno == EACCES || errno == EOPNOTSUPP;
    if (!refused) return fail_errno(what);
    ++summary_.left_out;
    return {};
  }

  Result<void> set_attributes(const InodeRecord& inode, int parent, const std::string& name) {
    struct stat now{};
    if (::fstatat(parent, name.c_str(), &now, AT_SYMLINK_NOFOLLOW) != 0)
      return errno == ENOENT ? Result<void>() : fail_errno("stat");  // a device that was left out
    // The owner first: changing it takes set-ID bits away.
    if (now.st_uid != inode.uid || now.st_gid != inode.gid) {
      TRY(try_attribute("chown", [&] {
        return ::fchownat(parent, name.c_str(), inode.uid, inode.gid, AT_SYMLINK_NOFOLLOW);
      }));
    }
    TRY(set_xattrs(inode, parent, name));
    if (!S_ISLNK(inode.mode)) {
      TRY(try_attribute("chmod",
                        [&] { return ::fchmodat(parent, name.c_str(), inode.mode & 07777, 0); }));
    }
    const timespec times[2] = {to_timespec(inode.atime_ns), to_timespec(inode.mtime_ns)};
    if (::utimensat(parent, name.c_str(), times, AT_SYMLINK_NOFOLLOW) != 0)
      return fail_errno("utimens");
    return {};
  }

  Result<void> set_xattrs(const InodeRecord& inode, int parent, const std::string& name) {
    for (const auto& [key, value] : TRY(catalog_.list_xattrs(version_, inode.id))) {
      const std::string path = path_of(parent) + '/' + name;
      TRY(try_attribute("setxattr", [&, &attribute = key, &bytes = value] {
        return ::lsetxattr(path.c_str(), attribute.c_str(), bytes.data(), bytes.size(), 0);
      }));
    }
    return {};
  }

  CatalogReader& catalog_;
  const ObjectStore& store_;
  const SeqNo version_;
  const ExportBodies bodies_;
  const UniqueFd& target_;
  const std::function<void(const ExportSummary&)>& progress_;
  std::map<InodeId, std::string> linked_;  // files of several names: the first, from the top
  ExportSummary summary_;
};

/// ENOTEMPTY unless there is nothing in it.
Result<void> check_empty(const std::filesystem::path& directory) {
  std::error_code error;
  const bool empty = std::filesystem::is_empty(directory, error);
  if (error) return fail(error.value(), directory.string());
  if (!empty) return fail(ENOTEMPTY, directory.string());
  return {};
}

}  // namespace

Result<ExportSummary> export_version(CatalogReader& catalog, const ObjectStore& store,
                                     SeqNo version, const std::filesystem::path& directory,
                                     ExportBodies bodies,
                                     const std::function<void(const ExportSummary&)>& progress) {
  if (!TRY(catalog.find_version(version))) return fail(ENOENT, "export: no such version");
  if (::mkdir(directory.c_str(), 0700) != 0) {
    if (errno != EEXIST) return fail_errno("make " + directory.string());
    TRY(check_empty(directory));
  }
  const UniqueFd target = TRY(posix::open_at(AT_FDCWD, directory.string(), O_RDONLY | O_DIRECTORY));
  return Exporter(catalog, store, version, bodies, target, progress).run();
}

}  // namespace commitfs::past
