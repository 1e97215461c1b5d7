#include "meta/memory_catalog.h"

#include <cerrno>
#include <chrono>
#include <map>

#include "meta/base/fault.h"
#include "meta/base/mutex.h"
#include "meta/base/turn.h"
#include "meta/memory_state.h"
#include "meta/reads_through.h"

namespace commitfs {
namespace {

constexpr std::chrono::milliseconds kLockLimit{5000};

/// The committed state; replaced as a whole, so that a reader keeps the one it began with.
/// Thread-safe.
class PublishedState {
 public:
  std::shared_ptr<const MemoryState> get() {
    MutexLock lock(mutex_);
    return state_;
  }
  void set(MemoryState state) {
    auto next = std::make_shared<const MemoryState>(std::move(state));
    MutexLock lock(mutex_);
    state_.swap(next);
  }

 private:
  Mutex mutex_;
  std::shared_ptr<const MemoryState> state_ GUARDED_BY(mutex_) =
      std::make_shared<const MemoryState>();
};

class MemoryTransaction final : public ReadsThrough<CatalogTransaction, MemoryTransaction> {
 public:
  MemoryTransaction(PublishedState& published, TurnQueue::Turn turn)
      : published_(published), turn_(std::move(turn)), state_(*published.get()) {}

  template <typename Read>
  auto read(Read read) -> decltype(read(std::declval<const MemoryState&>())) {
    TRY(check_open());
    return read(std::as_const(state_));
  }

  Result<void> savepoint() override {
    TRY(check_open());
    savepoint_ = state_;
    return {};
  }
  Result<void> rollback_to_savepoint() override {
    TRY(check_open());
    if (!savepoint_) return fail(EINVAL, "roll back to a savepoint that was not set");
    state_ = *savepoint_;
    return {};
  }

  Result<void> put_inode(SeqNo seq_no, const InodeRecord& record) override {
    return write([&] { state_.put_inode(seq_no, record); });
  }
  Result<void> remove_inode(SeqNo seq_no, InodeId id) override {
    return write([&] { state_.remove_inode(seq_no, id); });
  }
  Result<void> put_dirent(SeqNo seq_no, const DirentKey& key, InodeId inode) override {
    return write([&] { state_.put_dirent(seq_no, key, inode); });
  }
  Result<void> remove_dirent(SeqNo seq_no, const DirentKey& key) override {
    return write([&] { state_.remove_dirent(seq_no, key); });
  }
  Result<void> put_xattr(SeqNo seq_no, const XattrKey& key, std::string_view value) override {
    return write([&] { state_.put_xattr(seq_no, key, value); });
  }
  Result<void> remove_xattr(SeqNo seq_no, const XattrKey& key) override {
    return write([&] { state_.remove_xattr(seq_no, key); });
  }
  Result<void> put_group_head(const GroupKey& key, const GroupHead& head) override {
    return write([&] { state_.put_group_head(key, head); });
  }
  Result<void> put_directory_head(InodeId directory, const DirectoryHead& head) override {
    return write([&] { state_.put_directory_head(directory, head); });
  }
  Result<void> put_object(ObjectId id, std::uint64_t size_bytes) override {
    return write([&] { state_.put_object(id, size_bytes); });
  }
  Result<void> add_version(const VersionRecord& version,
                           std::span<const ChangeRecord> changes) override {
    TRY(check_open());
    return state_.add_version(version, {changes.begin(), changes.end()});
  }
  Result<void> put_tag(const TagRecord& tag) override {
    TRY(check_open());
    return state_.put_tag(tag);
  }
  Result<void> remove_tag(std::string_view name) override {
    TRY(check_open());
    return state_.remove_tag(name);
  }
  Result<void> remove_versions(std::span<const SeqNo> versions) override {
    TRY(check_open());
    return state_.remove_versions(versions);
  }
  Result<std::size_t> prune(PruneCursor& cursor, std::size_t) override {
    TRY(check_open());
    return state_.prune(cursor);
  }
  Result<void> forget_objects(std::span<const ObjectId> ids) override {
    return write([&] { state_.forget_objects(ids); });
  }
  Result<Term> raise_term() override {
    TRY(check_open());
    return state_.raise_term();
  }
  Result<void> put_config(std::string_view key, std::string_view value) override {
    return write([&] { state_.put_config(key, value); });
  }

  Result<void> commit() override {
    TRY(check_open());
    auto injected = fault::point("catalog.before_commit");
    if (injected) published_.set(std::move(state_));
    turn_.reset();
    if (!injected) return injected;
    return fault::point("catalog.after_commit");
  }

 private:
  Result<void> check_open() const {
    if (!turn_) return fail(EINVAL, "the catalog transaction has ended");
    return {};
  }
  template <typename Write>
  Result<void> write(Write write) {
    TRY(check_open());
    write();
    return {};
  }

  PublishedState& published_;
  std::optional<TurnQueue::Turn> turn_;
  MemoryState state_;
  std::optional<MemoryState> savepoint_;
};

class MemoryCatalog final : public ReadsThrough<Catalog, MemoryCatalog> {
 public:
  template <typename Read>
  auto read(Read read) -> decltype(read(std::declval<const MemoryState&>())) {
    const auto state = published_.get();
    return read(*state);
  }

  Result<std::unique_ptr<CatalogTransaction>> begin() override {
    auto turn = TRY(queue_.take(std::chrono::steady_clock::now() + kLockLimit));
    return std::make_unique<MemoryTransaction>(published_, std::move(turn));
  }

  Result<std::uint64_t> reserve_ids(IdKind kind, std::uint64_t count) override {
    if (count == 0 || count > kIdsReservedMax) return fail(EINVAL, "reserve ids");
    MutexLock lock(ids_mutex_);
    auto& next = next_ids_.try_emplace(kind, kind == IdKind::inode ? 2 : 1).first->second;
    next += count;
    return next - count;
  }

 private:
  PublishedState published_;
  TurnQueue queue_;
  Mutex ids_mutex_;
  std::map<IdKind, std::uint64_t> next_ids_ GUARDED_BY(ids_mutex_);
};

}  // namespace

std::unique_ptr<Catalog> make_memory_catalog() {
  return std::make_unique<MemoryCatalog>();
}

}  // namespace commitfs
