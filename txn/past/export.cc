#include "txn/past/export.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <map>

#include "meta/base/fault.h"
#include "meta/base/posix.h"
#include "meta/copy_body.h"
#include "txn/file_time.h"
#include "txn/past/plain_file.h"

namespace commitfs::past {
namespace {

constexpr std::size_t kPage = 1000;

class Exporter {
 public:
  Exporter(CatalogReader& catalog, const ObjectStore& store, SeqNo version, ExportBodies bodies,
           const ExportState& state, const std::function<void(const ExportSummary&)>& progress)
      : catalog_(catalog),
        store_(store),
        version_(version),
        bodies_(bodies),
        state_(state),
        attributes_(catalog),
        progress_(progress) {}

  Result<ExportSummary> run() {
    const auto root = TRY(catalog_.find_inode(version_, InodeId::root));
    if (!root) return fail(ENOENT, "export a version that is not there");
    const UniqueFd& target = state_.target();
    TRY(write_entries(*root, target, ""));
    TRY(posix::sync_file_system(target.get()));
    TRY(state_.remove());
    TRY(attributes_.set(version_, *root, target.get(), "."));
    TRY(posix::sync_file(target.get()));
    summary_.left_out = attributes_.left_out();
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
    if (inode.is_directory()) return write_directory(entry, parent, path);
    ++summary_.files;
    if (inode.nlink > 1) {
      if (const auto first = linked_.find(inode.id); first != linked_.end())
        return add_name(first->second, parent, entry.name);
      linked_.emplace(inode.id, path);
    }
    summary_.bytes += inode.size_bytes;
    if (state_.goes_on() && TRY(is_whole(inode, parent.get(), entry.name))) {
      ++summary_.kept;
    } else {
      TRY(write_file(inode, parent, entry.name));
    }
    progress_(summary_);
    return {};
  }

  Result<void> write_directory(const ListedDirent& entry, const UniqueFd& parent,
                               const std::string& path) {
    const auto made = posix::make_directory_at(parent.get(), entry.name, 0700);
    if (!made) {
      if (made.error().code != EEXIST || !state_.goes_on()) return made;
      // It may have got its mode already.
      const mode_t mode = TRY(posix::stat_at(parent.get(), entry.name)).st_mode;
      if (S_ISDIR(mode) && (mode & 0700) != 0700 &&
          ::fchmodat(parent.get(), entry.name.c_str(), 0700, 0) != 0)
        return fail_errno("chmod");
    }
    const UniqueFd fd =
        TRY(posix::open_at(parent.get(), entry.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    ++summary_.directories;
    TRY(write_entries(entry.inode, fd, path));
    return attributes_.set(version_, entry.inode, parent.get(), entry.name);
  }

  /// One more name of a file that has one. There is none where the file was left out.
  Result<void> add_name(const std::string& first, const UniqueFd& parent, const std::string& name) {
    const int target = state_.target().get();
    const auto linked = posix::link_at(target, first, parent.get(), name);
    if (linked) return {};
    if (linked.error().code == ENOENT && !posix::stat_at(target, first)) return {};
    if (linked.error().code != EEXIST || !state_.goes_on()) return linked;
    const struct stat old = TRY(posix::stat_at(parent.get(), name));
    const struct stat wanted = TRY(posix::stat_at(target, first));
    if (old.st_ino == wanted.st_ino) return {};
    TRY(posix::unlink_at(parent.get(), name));
    return posix::link_at(target, first, parent.get(), name);
  }

  /// Whether an export before this one wrote the file: under its name everything is whole.
  Result<bool> is_whole(const InodeRecord& inode, int parent, const std::string& name) {
    const auto there = posix::stat_at(parent, name);
    if (!there && there.error().code == ENOENT) return false;
    const struct stat file = TRY(there);
    if ((file.st_mode & S_IFMT) != (inode.mode & S_IFMT)) return false;
    if (!inode.is_regular()) return file.st_rdev == inode.rdev;
    if (bodies_ == ExportBodies::linked && inode.object != ObjectId::none) {
      const struct stat body = TRY(store_.stat(inode.object));
      return body.st_ino == file.st_ino && body.st_dev == file.st_dev;
    }
    return state_.same_boot() && static_cast<std::uint64_t>(file.st_size) == inode.size_bytes &&
           to_ns(file.st_mtim) == inode.mtime_ns;
  }

  Result<void> write_file(const InodeRecord& inode, const UniqueFd& parent,
                          const std::string& name) {
    TRY(state_.clear_draft());
    if (!TRY(write_draft(inode))) {
      attributes_.leave_out();
      return {};
    }
    TRY(attributes_.set(version_, inode, state_.draft_directory(), ExportState::kDraft));
    TRY(fault::point("export.copied"));
    TRY(state_.place_draft(parent.get(), name));
    return fault::point("export.placed");
  }

  /// False for a device that may not be made.
  Result<bool> write_draft(const InodeRecord& inode) {
    const int directory = state_.draft_directory();
    const std::string name = ExportState::kDraft;
    if (!inode.is_regular()) return make_special_file(inode, directory, name);
    if (inode.object != ObjectId::none && bodies_ == ExportBodies::linked) {
      const UniqueFd body = TRY(store_.open_body(inode.object, O_RDONLY));
      if (::linkat(AT_FDCWD, descriptor_path(body.get()).c_str(), directory, name.c_str(),
                   AT_SYMLINK_FOLLOW) != 0)
        return fail_errno("link");
      return true;
    }
    const UniqueFd file =
        TRY(posix::open_at(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
    if (inode.object == ObjectId::none) return true;
    const UniqueFd body = TRY(store_.open_body(inode.object, O_RDONLY));
    TRY(copy_body(body.get(), file.get()));
    return true;
  }

  CatalogReader& catalog_;
  const ObjectStore& store_;
  const SeqNo version_;
  const ExportBodies bodies_;
  const ExportState& state_;
  PlainAttributes attributes_;
  const std::function<void(const ExportSummary&)>& progress_;
  std::map<InodeId, std::string> linked_;  // files of several names: the first, from the top
  ExportSummary summary_;
};

}  // namespace

Result<ExportSummary> export_version(CatalogReader& catalog, const ObjectStore& store,
                                     SeqNo version, const std::filesystem::path& directory,
                                     ExportBodies bodies,
                                     const std::function<void(const ExportSummary&)>& progress) {
  const auto record = TRY(catalog.find_version(version));
  if (!record) return fail(ENOENT, "export: no such version");
  const auto state = TRY(ExportState::open(catalog, *record, directory, bodies));
  return Exporter(catalog, store, version, bodies, state, progress).run();
}

}  // namespace commitfs::past
