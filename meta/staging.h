#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "meta/base/error.h"
#include "meta/types.h"

namespace commitfs {

/// Rows of open sessions, so that a daemon that died finds them again. What they mean is the
/// business of txn.
struct StagedSession {
  SessionId id = SessionId::none;
  std::string name;
  SeqNo base = SeqNo::none;
  uid_t uid = 0;
  gid_t gid = 0;
  TimeNs created_ns = 0;
  std::string boot_id;  ///< of the machine when it was last written
  std::string message;
  std::optional<std::string> token;
  std::map<std::string, std::string> metadata;
  std::string extra;  ///< room for what txn wants to remember besides (JSON)
};

/// One inode as a session sees it, where that differs from its base.
struct StagedInode {
  InodeRecord record;
  std::uint32_t flags = 0;  ///< meaning given by txn
};

/// One name as a session sees it; InodeId::none says that the base's entry is gone.
struct StagedDirent {
  DirentKey key;
  InodeId inode = InodeId::none;
};

/// One extended attribute as a session sees it; no value says that the base's is gone.
struct StagedXattr {
  XattrKey key;
  std::optional<std::string> value;
};

/// One thing a session depended on. `kind` is given its meaning by txn; `name` may be empty.
struct StagedRead {
  std::uint8_t kind = 0;
  InodeId inode = InodeId::none;
  std::string name;
  auto operator<=>(const StagedRead&) const = default;
};

/// Everything of one session that changed since it was last written: rows to put and rows to
/// forget.
struct StagingBatch {
  SessionId session = SessionId::none;
  std::optional<StagedSession> row;
  std::vector<StagedInode> inodes;
  std::vector<StagedDirent> dirents;
  std::vector<StagedXattr> xattrs;
  std::vector<InodeId> forget_inodes;  ///< their xattr rows are forgotten with them
  std::vector<DirentKey> forget_dirents;
  std::vector<XattrKey> forget_xattrs;
  std::vector<StagedRead> reads;
  std::vector<StagedRead> forget_reads;
  bool drop = false;  ///< forget the whole session; the rest of the batch is ignored
  /// Not written: bodies that what is written no longer names, while an earlier batch may have.
  std::vector<ObjectId> unused;
};

/// All that was written of one session.
struct StagedState {
  StagedSession row;
  std::vector<StagedInode> inodes;
  std::vector<StagedDirent> dirents;
  std::vector<StagedXattr> xattrs;
  std::vector<StagedRead> reads;
};

enum class Durability { lazy, now };

/// The journal of open sessions. Thread-safe.
class Staging {
 public:
  virtual ~Staging() = default;
  /// Writes all batches in one transaction. With `Durability::now` they, and all that was
  /// written before, survive power loss when it returns, also if `batches` is empty; with `lazy` a
  /// crash of the program loses nothing, a power loss may lose the newest. Errors: ENOSPC, EIO,
  /// EAGAIN.
  virtual Result<void> write(const std::vector<StagingBatch>& batches, Durability durability) = 0;
  /// Every session that was not dropped, by id.
  virtual Result<std::vector<StagedState>> load() = 0;
};

}  // namespace commitfs
