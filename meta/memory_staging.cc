#include <map>
#include <set>

#include "meta/base/mutex.h"
#include "meta/memory_catalog.h"

namespace commitfs {
namespace {

struct Session {
  std::optional<StagedSession> row;
  std::map<InodeId, StagedInode> inodes;
  std::map<DirentKey, StagedDirent> dirents;
  std::map<XattrKey, StagedXattr> xattrs;
  std::set<StagedRead> reads;
};

template <typename Map>
auto values_of(const Map& map) {
  std::vector<typename Map::mapped_type> values;
  for (const auto& [key, value] : map)
    values.push_back(value);
  return values;
}

class MemoryStaging final : public Staging {
 public:
  Result<void> write(const std::vector<StagingBatch>& batches, Durability) override {
    MutexLock lock(mutex_);
    for (const auto& batch : batches)
      write_batch(batch);
    return {};
  }

  Result<std::vector<StagedState>> load() override {
    MutexLock lock(mutex_);
    std::vector<StagedState> states;
    for (const auto& [id, session] : sessions_) {
      if (!session.row) continue;
      states.push_back({.row = *session.row,
                        .inodes = values_of(session.inodes),
                        .dirents = values_of(session.dirents),
                        .xattrs = values_of(session.xattrs),
                        .reads = {session.reads.begin(), session.reads.end()}});
    }
    return states;
  }

 private:
  /// Forgets before it puts, so that a row named in both is there afterwards.
  void write_batch(const StagingBatch& batch) REQUIRES(mutex_) {
    if (batch.drop) {
      sessions_.erase(batch.session);
      return;
    }
    auto& session = sessions_[batch.session];
    for (const auto inode : batch.forget_inodes) {
      session.inodes.erase(inode);
      std::erase_if(session.xattrs, [&](const auto& entry) { return entry.first.inode == inode; });
    }
    for (const auto& key : batch.forget_dirents)
      session.dirents.erase(key);
    for (const auto& key : batch.forget_xattrs)
      session.xattrs.erase(key);
    for (const auto& read : batch.forget_reads)
      session.reads.erase(read);
    if (batch.row) session.row = batch.row;
    for (const auto& inode : batch.inodes)
      session.inodes[inode.record.id] = inode;
    for (const auto& dirent : batch.dirents)
      session.dirents[dirent.key] = dirent;
    for (const auto& xattr : batch.xattrs)
      session.xattrs[xattr.key] = xattr;
    session.reads.insert(batch.reads.begin(), batch.reads.end());
  }

  Mutex mutex_;
  std::map<SessionId, Session> sessions_ GUARDED_BY(mutex_);
};

}  // namespace

std::unique_ptr<Staging> make_memory_staging() {
  return std::make_unique<MemoryStaging>();
}

}  // namespace commitfs
