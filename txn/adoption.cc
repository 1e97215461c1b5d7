#include "txn/adoption.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <memory>
#include <vector>

#include "meta/base/fault.h"
#include "meta/base/posix.h"
#include "meta/name.h"
#include "txn/control_directory.h"
#include "txn/file_attributes.h"
#include "txn/text.h"

namespace commitfs {
namespace {

constexpr SeqNo kFirst{1};

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};
using DirectoryStream = std::unique_ptr<DIR, CloseDirectory>;

/// A directory whose name was recorded and whose content was not.
struct Pending {
  InodeId id = InodeId::none;
  std::string path;  ///< relative to the root, "" for the root itself
};

/// The directory being read.
struct Current {
  const Pending& pending;
  int fd = -1;
  std::uint32_t subdirectories = 0;

  std::string path_of(const std::string& name) const {
    return pending.path.empty() ? name : pending.path + '/' + name;
  }
};

/// The same failure, told with the path from the root.
std::unexpected<Error> fail_at(const Error& error, std::string_view what, const std::string& path) {
  return fail(error.code, fmt::format("{} {}", what, quote_name(path)));
}

bool went_away(const Error& error) {
  return error.code == ENOENT;
}

class Adoption {
 public:
  Adoption(Catalog& catalog, const ObjectStore& store, const AdoptionSource& source)
      : catalog_(catalog), store_(store), source_(source) {}

  Result<AdoptionSummary> run() {
    TRY(reserve_ids());
    root_device_ = TRY(read_attributes(source_.root_fd, ".")).device;
    transaction_ = TRY(catalog_.begin());
    pending_.push_back({InodeId::root, ""});
    while (!pending_.empty()) {
      const Pending next = std::move(pending_.back());
      pending_.pop_back();
      TRY(adopt_directory(next));
    }
    TRY(fault::point("adoption.linked"));
    TRY(posix::sync_file_system(store_.directory_fd()));
    TRY(transaction_->add_version(version(), {}));
    TRY(fault::point("adoption.before_commit"));
    TRY(transaction_->commit());
    return summary_;
  }

 private:
  /// Ids are reserved in a transaction of their own, so before ours. How many is not known without
  /// walking twice: no more than the file system has inodes now, and some that are made meanwhile.
  Result<void> reserve_ids() {
    constexpr std::uint64_t kSlack = 1 << 16;
    constexpr std::uint64_t kUnknown = 1 << 28;  // btrfs counts no inodes
    const struct statvfs statistics = TRY(store_.statistics());
    const std::uint64_t used = statistics.f_files - statistics.f_ffree;
    const std::uint64_t count = (statistics.f_files == 0 ? kUnknown : used) + kSlack;
    next_inode_ = TRY(catalog_.reserve_ids(IdKind::inode, count));
    next_object_ = TRY(catalog_.reserve_ids(IdKind::object, count));
    last_inode_ = next_inode_ + count - 1;
    last_object_ = next_object_ + count - 1;
    return {};
  }

  Result<InodeId> new_inode() {
    if (next_inode_ > last_inode_)
      return fail(EAGAIN, "adopt: files are being made faster than they are adopted");
    return InodeId{next_inode_++};
  }

  Result<ObjectId> new_object() {
    if (next_object_ > last_object_)
      return fail(EAGAIN, "adopt: files are being made faster than they are adopted");
    return ObjectId{next_object_++};
  }

  /// Opens a directory by its path, one component at a time: no link is followed, no length is too
  /// long.
  Result<UniqueFd> open_directory(const std::string& path) {
    constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
    UniqueFd fd = TRY(posix::open_at(source_.root_fd, ".", kFlags));
    for (std::size_t start = 0; start < path.size();) {
      const std::size_t end = std::min(path.find('/', start), path.size());
      fd = TRY(posix::open_at(fd.get(), path.substr(start, end - start), kFlags));
      start = end + 1;
    }
    return fd;
  }

  Result<void> adopt_directory(const Pending& pending) {
    auto opened = open_directory(pending.path);
    if (!opened) return fail_directory(opened.error(), pending);
    auto attributes = read_attributes(opened->get(), ".");
    if (!attributes) return fail_directory(attributes.error(), pending);
    if (attributes->device != root_device_) return fail_at({EXDEV, {}}, "adopt", pending.path);

    Current current{.pending = pending, .fd = opened->get()};
    TRY(adopt_entries(current));

    const bool is_root = pending.id == InodeId::root;
    InodeRecord inode = is_root ? source_.root : attributes->inode;
    inode.id = pending.id;
    inode.nlink = 2 + current.subdirectories;
    TRY(transaction_->put_inode(kFirst, inode));
    auto xattrs = xattr_reader_.read(current.fd, ".");
    if (!xattrs) return fail_directory(xattrs.error(), pending);
    TRY(put_xattrs(inode.id, *xattrs));
    if (!is_root) ++summary_.directories;
    return {};
  }

  /// Its name is recorded already, so a directory cannot be left out.
  static std::unexpected<Error> fail_directory(const Error& error, const Pending& pending) {
    const bool replaced = went_away(error) || error.code == ENOTDIR || error.code == ELOOP;
    return fail_at({replaced ? EAGAIN : error.code, {}}, "adopt directory", pending.path);
  }

  Result<void> adopt_entries(Current& current) {
    UniqueFd again = TRY(posix::open_at(current.fd, ".", O_RDONLY | O_DIRECTORY));
    const DirectoryStream stream(::fdopendir(again.get()));
    if (!stream) return fail_errno("opendir " + quote_name(current.pending.path));
    (void)again.release();
    while (true) {
      errno = 0;
      const dirent* entry =
          ::readdir(stream.get());  // NOLINT(concurrency-mt-unsafe): the stream is ours
      if (entry == nullptr && errno != 0)
        return fail_errno("readdir " + quote_name(current.pending.path));
      if (entry == nullptr) return {};
      const std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      if (current.pending.id == InodeId::root && name == kControlName) continue;
      TRY(refuse_table(current, name));
      TRY(adopt_entry(current, name));
    }
  }

  /// The files of another table's catalog change in place, linked here or not.
  static Result<void> refuse_table(const Current& current, const std::string& name) {
    if (name != kControlName) return {};
    const std::string catalog = name + "/catalog.db";
    if (!posix::stat_at(current.fd, catalog)) return {};
    return fail(EINVAL, quote_name(current.path_of(name)) +
                            " is another table's: a table in a table cannot be");
  }

  Result<void> adopt_entry(Current& current, const std::string& name) {
    const auto attributes = read_attributes(current.fd, name);
    if (!attributes && went_away(attributes.error())) return {};
    if (!attributes) return fail_at(attributes.error(), "adopt", current.path_of(name));
    if (const auto valid = valid_name(name); !valid)
      return fail_at(valid.error(), "adopt", current.path_of(name));
    if (!attributes->inode.is_directory()) return adopt_file(current, name, *attributes);

    const InodeId id = TRY(new_inode());
    TRY(transaction_->put_dirent(kFirst, {current.pending.id, name}, id));
    pending_.push_back({id, current.path_of(name)});
    ++current.subdirectories;
    return {};
  }

  Result<void> adopt_file(const Current& current, const std::string& name,
                          const FileAttributes& attributes) {
    const bool several_names = attributes.inode.nlink > 1;
    const std::pair identity{attributes.device, attributes.number};
    if (several_names) {
      const auto known = linked_.find(identity);
      if (known != linked_.end()) return add_name(current, name, known->second);
    }
    auto inode = adopt_inode(current, name, attributes.inode);
    if (!inode && went_away(inode.error())) return {};
    if (!inode) return fail_at(inode.error(), "adopt", current.path_of(name));
    TRY(transaction_->put_dirent(kFirst, {current.pending.id, name}, inode->id));
    if (several_names) linked_.emplace(identity, inode->id);
    count_name(*inode);
    if (inode->is_regular()) summary_.bytes += inode->size_bytes;
    return {};
  }

  /// Records a file's inode, attributes and body. ENOENT when it went away; nothing is recorded
  /// then.
  Result<InodeRecord> adopt_inode(const Current& current, const std::string& name,
                                  InodeRecord inode) {
    const auto xattrs = TRY(xattr_reader_.read(current.fd, name));
    inode.nlink = 1;
    if (inode.is_regular()) {
      TRY(fault::point("adoption.object"));
      inode.object = TRY(new_object());
      TRY(store_.adopt(inode.object, current.fd, name));
      TRY(transaction_->put_object(inode.object, inode.size_bytes));
    }
    inode.id = TRY(new_inode());
    TRY(transaction_->put_inode(kFirst, inode));
    TRY(put_xattrs(inode.id, xattrs));
    return inode;
  }

  /// Another name of a file that was seen before.
  Result<void> add_name(const Current& current, const std::string& name, InodeId id) {
    auto inode = TRY(transaction_->find_inode(kFirst, id));
    if (!inode)
      return fail(
          EIO, "adopt: inode " + std::to_string(raw(id)) + " was just recorded and is not there");
    ++inode->nlink;
    TRY(transaction_->put_inode(kFirst, *inode));
    TRY(transaction_->put_dirent(kFirst, {current.pending.id, name}, id));
    count_name(*inode);
    return {};
  }

  Result<void> put_xattrs(InodeId id, const XattrReader::Xattrs& xattrs) {
    for (const auto& [name, value] : xattrs)
      TRY(transaction_->put_xattr(kFirst, {id, name}, value));
    return {};
  }

  void count_name(const InodeRecord& inode) {
    ++(inode.is_regular() ? summary_.files : summary_.others);
  }

  VersionRecord version() const {
    VersionRecord version;
    version.seq_no = kFirst;
    version.operation = "adopt";
    version.uid = ::geteuid();
    version.gid = ::getegid();
    version.time_ns = system_clock().now_ns();
    version.message = "adopted " + count_of(summary_.files, "file", "files");
    version.added = summary_.files + summary_.others + summary_.directories;
    version.bytes = summary_.bytes;
    return version;
  }

  Catalog& catalog_;
  const ObjectStore& store_;
  const AdoptionSource& source_;
  std::unique_ptr<CatalogTransaction> transaction_;
  XattrReader xattr_reader_;
  std::vector<Pending> pending_;
  /// Files with several names, by (device, number).
  std::map<std::pair<dev_t, std::uint64_t>, InodeId> linked_;
  AdoptionSummary summary_;
  dev_t root_device_ = 0;
  std::uint64_t next_inode_ = 0, last_inode_ = 0;
  std::uint64_t next_object_ = 0, last_object_ = 0;
};

}  // namespace

Result<AdoptionSummary> adopt_tree(Catalog& catalog, const ObjectStore& store,
                                   const AdoptionSource& source) {
  return Adoption(catalog, store, source).run();
}

}  // namespace commitfs
