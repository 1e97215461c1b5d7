#include "meta/object_store.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <set>
#include <vector>

#include "meta/base/beneath.h"
#include "meta/base/fault.h"
#include "meta/base/mutex.h"
#include "meta/base/parallel.h"
#include "meta/base/posix.h"
#include "meta/copy_body.h"
#include "meta/object_paths.h"

namespace commitfs {
namespace {

/// From here on one syncfs is cheaper than a sync of each body.
constexpr std::size_t kSealEachMax = 32;
/// Each sync waits for the disk; what waits together costs it one flush of its cache.
constexpr std::size_t kSealThreads = 4;
constexpr std::size_t kCompareBytes = 128 * 1024;

std::uint64_t shard_of(ObjectId id) {
  return object_paths::shard_of(raw(id));
}

bool is_exhausted(const Error& error) {
  return error.code == EMFILE || error.code == ENFILE || error.code == ENOMEM;
}

/// Reads as much of `buffer` as the file has from `offset` on.
Result<std::size_t> read_full(int fd, std::span<std::byte> buffer, off_t offset) {
  std::size_t filled = 0;
  while (filled < buffer.size()) {
    const auto count =
        TRY(posix::read_at(fd, buffer.subspan(filled), offset + static_cast<off_t>(filled)));
    if (count == 0) break;
    filled += count;
  }
  return filled;
}

}  // namespace

/// The shard directories made by this process whose names are not yet known to be on disk.
/// Thread-safe.
class ObjectStore::NewShards {
 public:
  /// Makes and notes it in one step, so that nobody finds the directory without the note, or syncs
  /// the note without the directory.
  Result<void> make(int directory_fd, std::uint64_t shard) {
    MutexLock lock(mutex_);
    const auto made = posix::make_directory_at(directory_fd, object_paths::shard(shard), 0700);
    if (!made) return made.error().code == EEXIST ? Result<void>{} : made;
    shards_.insert(shard);
    return {};
  }
  std::set<std::uint64_t> all() {
    MutexLock lock(mutex_);
    return shards_;
  }
  void remove(const std::set<std::uint64_t>& synced) {
    MutexLock lock(mutex_);
    for (const auto shard : synced)
      shards_.erase(shard);
  }

 private:
  Mutex mutex_;
  std::set<std::uint64_t> shards_ GUARDED_BY(mutex_);
};

ObjectStore::ObjectStore(UniqueFd directory)
    : directory_(std::move(directory)), new_shards_(std::make_unique<NewShards>()) {}
ObjectStore::ObjectStore(ObjectStore&&) noexcept = default;
ObjectStore& ObjectStore::operator=(ObjectStore&&) noexcept = default;
ObjectStore::~ObjectStore() = default;

Result<ObjectStore> ObjectStore::open(const std::filesystem::path& directory) {
  const auto made = posix::make_directory_at(AT_FDCWD, directory, 0700);
  if (!made && made.error().code != EEXIST) return std::unexpected(made.error());
  auto fd = TRY(posix::open_at(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY));
  if (made) {
    const auto parent =
        TRY(posix::open_at(AT_FDCWD, directory.parent_path() / ".", O_RDONLY | O_DIRECTORY));
    TRY(posix::sync_file(parent.get()));
  }
  // A process that died may have made shards and not synced their names.
  TRY(posix::sync_file(fd.get()));
  return ObjectStore(std::move(fd));
}

Result<UniqueFd> ObjectStore::create_in_shard(ObjectId id) const {
  return posix::open_beneath(directory_.get(), object_paths::body(id), O_CREAT | O_EXCL | O_RDWR,
                             0600);
}

Result<UniqueFd> ObjectStore::create(ObjectId id) const {
  if (id == ObjectId::none) return fail(EINVAL, "create object 0");
  TRY(fault::point("objects.create"));
  auto fd = create_in_shard(id);
  if (fd || fd.error().code != ENOENT) return fd;
  TRY(new_shards_->make(directory_.get(), shard_of(id)));
  return create_in_shard(id);
}

Result<UniqueFd> ObjectStore::open_body(ObjectId id, int flags) const {
  return posix::open_beneath(directory_.get(), object_paths::body(id), flags & ~(O_CREAT | O_EXCL));
}

Result<UniqueFd> ObjectStore::clone(ObjectId from, ObjectId to) const {
  const auto source = TRY(open_body(from, O_RDONLY));
  auto target = TRY(create(to));
  auto copied = fault::point("objects.clone");
  if (copied) copied = copy_body(source.get(), target.get());
  if (copied) return target;
  // What stays behind for want of an unlink is found by recovery; the first error is the one to
  // report.
  (void)remove(to);
  return std::unexpected(std::move(copied).error());
}

Result<void> ObjectStore::adopt(ObjectId id, int directory_fd, const std::string& name) const {
  if (id == ObjectId::none) return fail(EINVAL, "adopt object 0");
  auto linked = posix::link_at(directory_fd, name, directory_.get(), object_paths::body(id));
  if (!linked && linked.error().code == ENOENT) {
    TRY(new_shards_->make(directory_.get(), shard_of(id)));
    linked = posix::link_at(directory_fd, name, directory_.get(), object_paths::body(id));
  }
  if (!linked) return linked;
  // Looked at after the link, so that it is the same file: the name may stand for another by now.
  if (S_ISREG(TRY(stat(id)).st_mode)) return {};
  TRY(remove(id));
  return fail(EINVAL, "adopt " + name + ": not a regular file");
}

Result<void> ObjectStore::seal(std::span<const ObjectId> ids) const {
  std::vector<ObjectId> bodies(ids.begin(), ids.end());
  std::ranges::sort(bodies);
  const auto repeated = std::ranges::unique(bodies);
  bodies.erase(repeated.begin(), repeated.end());
  if (!bodies.empty() && bodies.front() == ObjectId::none) bodies.erase(bodies.begin());
  if (bodies.empty()) return {};

  TRY(fault::point("objects.seal"));
  if (bodies.size() <= kSealEachMax) {
    const auto sealed = seal_each(bodies);
    // An adopted body may be one this user cannot open, and descriptors may run out: neither stops
    // a syncfs.
    if (sealed || (sealed.error().code != EACCES && !is_exhausted(sealed.error()))) return sealed;
  }
  const auto shards = new_shards_->all();
  TRY(posix::sync_file_system(directory_.get()));
  new_shards_->remove(shards);
  return {};
}

/// What a version needs of the store is nothing but on disk when the version is, in whatever order
/// it got there: bodies, their names and the shards' names are synced side by side.
Result<void> ObjectStore::seal_each(std::span<const ObjectId> ids) const {
  std::vector<std::uint64_t> shards;
  for (const ObjectId id : ids) {
    if (shards.empty() || shards.back() != shard_of(id)) shards.push_back(shard_of(id));
  }
  const auto stale = new_shards_->all();
  const bool root_is_stale =
      std::ranges::any_of(shards, [&](std::uint64_t shard) { return stale.contains(shard); });
  const auto sync_one = [&](std::size_t index) -> Result<void> {
    if (index < ids.size()) {
      const auto body = TRY(open_body(ids[index], O_RDONLY));
      return posix::sync_data(body.get());
    }
    index -= ids.size();
    if (index == shards.size()) return posix::sync_file(directory_.get());
    const auto shard = TRY(posix::open_beneath(directory_.get(), object_paths::shard(shards[index]),
                                               O_RDONLY | O_DIRECTORY));
    return posix::sync_file(shard.get());
  };
  const std::size_t count = ids.size() + shards.size() + (root_is_stale ? 1 : 0);
  TRY(for_each_in_parallel(count, kSealThreads, sync_one));
  if (root_is_stale) new_shards_->remove(stale);
  return {};
}

Result<void> ObjectStore::remove(ObjectId id) const {
  const auto removed = posix::unlink_at(directory_.get(), object_paths::body(id));
  if (!removed && removed.error().code != ENOENT) return removed;
  return {};
}

Result<struct stat> ObjectStore::stat(ObjectId id) const {
  return posix::stat_at(directory_.get(), object_paths::body(id));
}

Result<bool> ObjectStore::has_writers(ObjectId id) const {
  const auto body = TRY(open_body(id, O_RDONLY));
  // Whoever opens it for writing meanwhile breaks the lease; the signal for that is to be harmless.
  if (::fcntl(body.get(), F_SETSIG, SIGURG) != 0) return fail_errno("fcntl F_SETSIG");
  // A read lease is refused while the file is open for writing, and a mapping holds it open:
  // fcntl(2).
  if (::fcntl(body.get(), F_SETLEASE, F_RDLCK) != 0) return errno == EAGAIN;
  if (::fcntl(body.get(), F_SETLEASE, F_UNLCK) != 0) return fail_errno("fcntl F_SETLEASE");
  return false;
}

Result<bool> ObjectStore::identical(ObjectId a, ObjectId b) const {
  if (a == b) return true;
  const auto first = TRY(open_body(a, O_RDONLY));
  const auto second = TRY(open_body(b, O_RDONLY));
  const auto size_bytes = TRY(posix::stat_fd(first.get())).st_size;
  if (TRY(posix::stat_fd(second.get())).st_size != size_bytes) return false;

  std::vector<std::byte> left(kCompareBytes), right(kCompareBytes);
  for (off_t offset = 0; offset < size_bytes; offset += static_cast<off_t>(kCompareBytes)) {
    const auto count = TRY(read_full(first.get(), left, offset));
    if (TRY(read_full(second.get(), right, offset)) != count) return false;
    if (std::memcmp(left.data(), right.data(), count) != 0) return false;
    if (count < kCompareBytes) break;
  }
  return true;
}

Result<struct statvfs> ObjectStore::statistics() const {
  return posix::statvfs_fd(directory_.get());
}

}  // namespace commitfs
